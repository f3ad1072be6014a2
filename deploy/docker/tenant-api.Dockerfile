# The image of the data plane: main.js and migrate.main.js.
#
#   docker build -f deploy/docker/tenant-api.Dockerfile --build-arg NODE_IMAGE=node:24-bookworm-slim@sha256:<digest> -t biplane/tenant-api:0.1.0 .
#
# The base is named by digest or the build fails: a tag may be moved. One base builds and runs, so that nothing is compiled
# for another system.
ARG NODE_IMAGE

FROM ${NODE_IMAGE} AS build
WORKDIR /src
COPY package.json package-lock.json .npmrc tsconfig.json tsconfig.base.json LICENSE ./
COPY apps apps
COPY libs libs
COPY prisma prisma
COPY tools tools
COPY deploy/docker deploy/docker
RUN npm ci --ignore-scripts --no-progress
# There is no engine to download: migrations run in process, and generating needs none.
RUN for schema in prisma/*/schema; do PRISMA_SCHEMA_ENGINE_BINARY=/bin/true node_modules/.bin/prisma generate --schema "$schema" || exit 1; done
RUN node_modules/.bin/tsc -b apps/tenant-api
# What runs is put together anew: the packages that this service needs, without those that build and test it.
RUN node deploy/docker/assemble.mjs manifests tenant-api /app
RUN cd /app && npm ci --omit=dev --omit=optional --omit=peer --ignore-scripts --no-progress --workspace @biplane/tenant-api
RUN node deploy/docker/assemble.mjs files tenant-api /app

FROM ${NODE_IMAGE}
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="Biplane tenant-api" \
      org.opencontainers.image.description="The data plane: tenant databases, the license gate and usage" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
ENV NODE_ENV=production \
    HTTP_PORT=8080 \
    INTERNAL_PORT=8081
WORKDIR /app
# Owned by root and written by nobody: the process may be given a read-only root.
COPY --from=build /app /app
# A number, so that a cluster can see that it is not root.
USER 10001:10001
EXPOSE 8080 8081
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=300s --retries=3 CMD ["node", "health.mjs"]
ENTRYPOINT ["node", "--enable-source-maps"]
CMD ["apps/tenant-api/dist/main.js"]
