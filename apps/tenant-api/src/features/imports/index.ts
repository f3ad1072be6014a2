export { csvFile } from './csv-writing.js';
export { readCsv, type CsvRow, type ReadCsv } from './csv-reading.js';
export { differing, repeated, type RowProblem } from './domain/row-problem.js';
export { changedMeanwhile, ImportRuns, refuseRows, type Imported } from './import-runs.js';
export { ApiCsvFile, ImportQuery, ImportReportDto, ImportsCsv } from './imports.dto.js';
export { ImportErrors } from './imports.errors.js';
export { ImportsModule } from './imports.module.js';
export { bodyProblems, readRows } from './row-checks.js';
