/** Tells the launcher which files Jest runs, by the channel between them: it names those that never ended. */
export default class FilesReporter {
  constructor() {
    // Jest leads a process group of its own: a launcher that is killed can not end it any more.
    process.once('disconnect', () => process.kill(-process.pid, 'SIGKILL'));
  }

  onTestFileStart({ path }) {
    process.send?.({ started: path });
  }

  onTestFileResult({ path }) {
    process.send?.({ ended: path });
  }
}
