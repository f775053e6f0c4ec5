# glibc: the Temporal SDK's native part has no build for musl (Alpine).
FROM node:22-bookworm-slim AS base
RUN apt-get update \
  && apt-get install -y --no-install-recommends ca-certificates \
  && rm -rf /var/lib/apt/lists/*
WORKDIR /opt/bunq-keeper

FROM base AS build
COPY package.json package-lock.json .npmrc ./
RUN npm ci
COPY . .
# Compiles and bundles the workflows: their code is fixed with the image, and a start needs no webpack.
RUN node scripts/build.mjs dist && chmod +x dist/client/main.js

FROM base AS dependencies
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev

FROM base
ENV NODE_ENV=production
COPY --from=dependencies /opt/bunq-keeper/node_modules node_modules
COPY --from=build /opt/bunq-keeper/dist dist
COPY package.json LICENSE ./
COPY docker docker
# A named volume takes owner and mode from the folder that it is first mounted over.
RUN ln -s /opt/bunq-keeper/dist/client/main.js /usr/local/bin/bunq-keeper \
  && cd /var/lib && install -d -m 0700 -o node -g node bunq-keeper/bank bunq-keeper/certificates bunq-keeper/simulator
USER node
WORKDIR /var/lib/bunq-keeper
ENTRYPOINT ["node", "/opt/bunq-keeper/dist/client/main.js"]
CMD ["--help"]
