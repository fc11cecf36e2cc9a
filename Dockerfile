# syntax=docker/dockerfile:1
# Two stages: esbuild bundles on the full image, then the bundles alone on a distroless one: no shell, no package manager, not root.
# No container engine was at hand where this was written, so the build itself is unproven. `make image` packs the same layout without one,
# and that is what the tests run: /nodejs/bin/node, /app/cmd/gateway.js, /app/cmd/gatewayctl.js, user 65532.
FROM node:26-slim AS build
WORKDIR /src
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY . .
RUN node scripts/bundle.ts && find dist/bundle -name "*.map" -delete

FROM gcr.io/distroless/nodejs26-debian13:nonroot
WORKDIR /app
COPY --from=build /src/dist/bundle/ ./
COPY --from=build /src/LICENSE ./
ENV PATH=/nodejs/bin NODE_ENV=production UV_THREADPOOL_SIZE=8
USER 65532:65532
ENTRYPOINT ["/nodejs/bin/node", "/app/cmd/gateway.js"]
