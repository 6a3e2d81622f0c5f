# syntax=docker/dockerfile:1
# Two stages: the first builds and installs, the last holds only the interpreter and what runs.
FROM python:3.11-slim-bookworm AS install
WORKDIR /src
COPY pyproject.toml README.md LICENSE requirements.lock requirements-build.lock ./
COPY .ci/install .ci/install
COPY gateway gateway
COPY schemas schemas
RUN .ci/install /opt/gateway

FROM python:3.11-slim-bookworm
RUN python -m pip uninstall --yes --quiet setuptools wheel pip \
 && groupadd --system --gid 10001 gateway \
 && useradd --system --uid 10001 --gid gateway --home-dir /var/lib/gateway --shell /usr/sbin/nologin gateway \
 && install -d -o gateway -g gateway -m 0750 /var/lib/gateway /etc/gateway
COPY --from=install /opt/gateway /opt/gateway
ENV PATH=/opt/gateway/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
USER gateway
WORKDIR /var/lib/gateway
# The root file system may be read-only (docker run --read-only): everything that is written is below the volume.
VOLUME ["/var/lib/gateway"]
# links (mutual TLS) and the national side; the configuration says where they listen
EXPOSE 8443 8080
HEALTHCHECK --interval=15s --timeout=5s --start-period=20s CMD ["gateway", "status", "--config", "/etc/gateway/gateway.toml", "--quiet"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["gateway"]
CMD ["run", "--config", "/etc/gateway/gateway.toml"]
