import { declareErrors } from '@biplane/kernel';

export const ImportErrors = declareErrors('IMPORT', {
  FILE_UNREADABLE: {
    status: 422,
    title: 'The file is not CSV',
    help: 'Send RFC 4180 in UTF-8: commas between cells, quotes doubled inside quotes. `line` says where reading stopped.',
  },
  HEADER_REFUSED: {
    status: 422,
    title: 'The header is not that of this import',
    help: 'The first line names each column of `expected` once, in any order; `unknown`, `missing` and `repeated` say what is wrong.',
  },
  TOO_MANY_ROWS: {
    status: 422,
    title: 'The file has too many rows',
    help: 'Send at most 10,000 rows a file, each file with a key of its own.',
  },
  ROWS_REFUSED: {
    status: 422,
    title: 'Rows of the file are wrong; nothing was imported',
    help: '`problems` names line, column and code of each, the first 1,000 of `problemsTotal`. Correct them and send the whole file again.',
  },
  CHANGED_MEANWHILE: {
    status: 409,
    title: 'Something that the file names was added meanwhile',
    help: 'Nothing was imported. Send the file again: what is there by then is left as it is.',
  },
});
