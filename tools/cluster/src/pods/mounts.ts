/** Where a mounted path is in truth: a process of this machine has no file system of its own. */
export interface Mount {
  readonly mountPath: string;
  readonly folder: string;
}

/** Writes the true folder wherever a text names a mounted path: at its start, or after what cannot be part of a path. */
export function rewriteMounts(text: string, mounts: readonly Mount[]): string {
  // The longest first: /var/run/secrets/x must not be taken for something under /var/run.
  return [...mounts]
    .sort((left, right) => right.mountPath.length - left.mountPath.length)
    .reduce((written, { mountPath, folder }) => {
      const path = mountPath.replace(/\/+$/, '');
      if (path === '') return written;
      const pattern = new RegExp(`(^|file://|[^A-Za-z0-9_./-])${escaped(path)}(?=$|[^A-Za-z0-9_.-])`, 'g');
      return written.replace(pattern, (_, before: string) => `${before}${folder}`);
    }, text);
}

/**
 * What a word or a variable of a pod means here. A file of this machine is no path of the pod: a tree that is checked out
 * beneath `/tmp` is started from there, whatever the pod mounts at `/tmp`.
 */
export function meantHere(text: string, mounts: readonly Mount[], isFile: (path: string) => boolean): string {
  return text.startsWith('/') && isFile(text) ? text : rewriteMounts(text, mounts);
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
