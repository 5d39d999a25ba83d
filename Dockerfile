# AVA in a container: `docker build --tag ava .`, also as Render, Railway and Fly.io build it.
# It runs as a user of its own, on a read-only root; what it writes goes to /var/lib/ava.
FROM python:3.13-slim AS build
WORKDIR /opt/ava
COPY requirements.txt ./
RUN python -m venv .venv \
    && .venv/bin/pip install --no-cache-dir --disable-pip-version-check --require-hashes -r requirements.txt
COPY . .
RUN .venv/bin/python -m compileall -q ava integrations telephony vapi_settings manage.py

FROM python:3.13-slim
RUN useradd --system --uid 10001 --home-dir /var/lib/ava --shell /usr/sbin/nologin ava \
    && install -d -o ava -g ava -m 700 /var/lib/ava
COPY --from=build /opt/ava /opt/ava
WORKDIR /opt/ava
ENV PATH=/opt/ava/.venv/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    MALLOC_ARENA_MAX=1 \
    RES_OPTIONS="timeout:2 attempts:1" \
    AVA_ENV=production \
    AVA_ENV_FILE=/dev/null \
    AVA_HOST=0.0.0.0 \
    AVA_DATA_DIR=/var/lib/ava \
    TMPDIR=/var/lib/ava \
    AVA_TRUSTED_PROXIES=1 \
    AVA_DRAIN_SECONDS=15
USER 10001
VOLUME /var/lib/ava
EXPOSE 8000
HEALTHCHECK --interval=5s --timeout=3s --start-period=60s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request as r; r.urlopen('http://127.0.0.1:' + (os.environ.get('PORT') or '8000') + '/healthz', timeout=3)"]
# Platforms name the port in PORT. AVA is the first process and takes SIGTERM itself.
CMD ["sh", "-c", "AVA_PORT=${PORT:-8000} exec python -m ava.server.serve"]
