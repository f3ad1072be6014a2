// HEALTHCHECK of the images: does the process answer? Never the database, as a restart would not mend it.
const { HOST = '0.0.0.0', HTTP_PORT = '8080' } = process.env;
const host = HOST === '0.0.0.0' ? '127.0.0.1' : HOST === '::' ? '[::1]' : HOST;
const answer = await fetch(`http://${host}:${HTTP_PORT}/health/live`, { signal: AbortSignal.timeout(4_000) });
process.exit(answer.status === 200 ? 0 : 1);
