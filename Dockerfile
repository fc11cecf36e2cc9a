# syntax=docker/dockerfile:1
# Two stages: esbuild bundles on the full image, then the bundles alone on a distroless one: no shell, no package manager, not root.
# No container engine was at hand where this was written, so the build itself is unproven; the bundle step is `make bundle`.
FROM node:26-slim AS build
WORKDIR /src
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY . .
RUN node scripts/bundle.ts

FROM gcr.io/distroless/nodejs26-debian13:nonroot
WORKDIR /app
COPY --from=build /src/dist/bundle/ ./
COPY --from=build /src/LICENSE ./
ENV NODE_ENV=production UV_THREADPOOL_SIZE=8
USER 65532:65532
ENTRYPOINT ["/nodejs/bin/node", "/app/cmd/gateway.js"]
