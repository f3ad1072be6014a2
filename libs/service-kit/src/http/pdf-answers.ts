import { applyDecorators, Get, StreamableFile } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiResponse } from '@nestjs/swagger';

/** A file whose bytes never change. */
export interface PdfFile {
  readonly bytes: Uint8Array;
  /** Of the bytes, hexadecimal. */
  readonly sha256: string;
  /** Letters, digits, `-` and `.` only. */
  readonly fileName: string;
}

/** What is used of Fastify's reply. */
export interface PdfReply {
  header(name: string, value: string): PdfReply;
  status(code: number): PdfReply;
}

/** The route answers with `answerPdf`. */
export function GetPdf(path: string, summary: string): MethodDecorator {
  return applyDecorators(
    Get(path),
    ApiOperation({ summary }),
    ApiOkResponse({
      description: 'Its ETag is the SHA-256 of the bytes',
      content: { 'application/pdf': { schema: { type: 'string', format: 'binary' } } },
    }),
    ApiResponse({ status: 304, description: 'The asker has it: If-None-Match names it' }),
  );
}

/** `held`: If-None-Match. Who has the bytes is not sent them again. */
export function answerPdf(file: PdfFile, held: string | undefined, reply: PdfReply): StreamableFile | undefined {
  const { bytes, sha256, fileName } = file;
  const etag = `"${sha256}"`;
  reply.header('etag', etag).header('cache-control', 'private, no-cache');
  if (held !== undefined && held.split(',').some((tag) => [etag, `W/${etag}`, '*'].includes(tag.trim()))) {
    reply.status(304);
    return undefined;
  }
  return new StreamableFile(bytes, {
    type: 'application/pdf',
    disposition: `attachment; filename="${fileName}"`,
    length: bytes.length,
  });
}
