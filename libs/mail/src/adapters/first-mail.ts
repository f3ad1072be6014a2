/** What nodemailer makes of it, with the first mail: most processes send none, and load it for nothing. */
export function withFirstMail<T>(make: (nodemailer: typeof import('nodemailer')) => T): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => (made ??= import('nodemailer').then(make));
}
