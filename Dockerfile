# One image; the command chooses the role: web (the default), worker, beat, Flower, migration, mail catcher, sandbox.
# The base needs Python 3.12 or later with its venv module.
ARG BASE=python:3.12-slim
FROM ${BASE} AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
RUN python3 -m venv /opt/iplance
COPY requirements/runtime.txt /tmp/runtime.txt
RUN /opt/iplance/bin/pip install --quiet --require-hashes --requirement /tmp/runtime.txt

FROM ${BASE}
RUN useradd --uid 10001 --create-home --shell /usr/sbin/nologin iplance \
    && install --directory --owner=iplance --group=iplance --mode=0700 /data
COPY --from=build /opt/iplance /opt/iplance
WORKDIR /srv/iplance
COPY alembic.ini ./
COPY alembic ./alembic
COPY app ./app
# Bytecode is compiled here because the code belongs to root: the processes can write neither it nor its caches.
RUN /opt/iplance/bin/python -m compileall -q app alembic
ENV PATH=/opt/iplance/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 MALLOC_ARENA_MAX=2 DATA_DIR=/data HOST=0.0.0.0 PORT=8000
USER 10001
VOLUME /data
EXPOSE 8000 5555 8090
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 CMD ["python", "-m", "app.core.http.healthcheck"]
CMD ["python", "-m", "app", "web"]
