// A Jest transformer: that of the suites, with one place of one source file changed. The file itself is never touched.
import swc from '@swc/jest';

export default {
  createTransformer({ swc: options, mutant }) {
    const inner = swc.createTransformer(options);
    const changed = (source, filename) =>
      mutant !== null && filename === mutant.file
        ? source.slice(0, mutant.start) + mutant.replacement + source.slice(mutant.end)
        : source;
    return {
      ...inner,
      process: (source, filename, rest) => inner.process(changed(source, filename), filename, rest),
      processAsync: (source, filename, rest) => inner.processAsync(changed(source, filename), filename, rest),
      getCacheKey: (source, filename, ...rest) => inner.getCacheKey(changed(source, filename), filename, ...rest),
    };
  },
};
