# The service without its tests: web processes by default, and every other command.
FROM python:3.11-slim-bookworm AS build
COPY requirements.txt /build/
# pip refuses whatever does not have the locked hash, and builds nothing.
RUN python -m venv /opt/entrepot \
    && /opt/entrepot/bin/pip install --quiet --no-cache-dir --disable-pip-version-check \
        --require-hashes --only-binary :all: --requirement /build/requirements.txt \
    && rm -r /opt/entrepot/lib/python3.11/site-packages/pip*

FROM python:3.11-slim-bookworm
RUN useradd --system --user-group --uid 10001 --home-dir /var/lib/entrepot entrepot \
    && install --directory --owner entrepot --group entrepot /var/lib/entrepot
COPY --from=build /opt/entrepot /opt/entrepot
ENV PATH=/opt/entrepot/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    VAR_DIR=/var/lib/entrepot
WORKDIR /srv/entrepot
COPY . .
RUN python -m compileall -q .
USER entrepot
EXPOSE 8000
# Alive, also while all threads are busy; /readyz is for who sends it requests.
HEALTHCHECK --interval=10s --timeout=3s --start-period=60s \
    CMD ["python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:8000/healthz', timeout=2)"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["python", "manage.py"]
CMD ["web", "--host", "0.0.0.0", "--port", "8000"]
