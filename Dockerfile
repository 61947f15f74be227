# The gateway and the demo services behind it, as docker-compose.yml runs them.
# Only features of the classic builder: docker-compose 1.29 has to build this too.

ARG RUST_VERSION=1.95.0
# Given by docker-compose.yml, out of .env.
ARG ENVOY_VERSION

FROM rust:${RUST_VERSION}-slim-bookworm AS build
ARG RUST_VERSION
# rust-toolchain.toml says `stable`; the image has one toolchain, and rustup is not to fetch another.
ENV RUSTUP_TOOLCHAIN=${RUST_VERSION}
RUN rustup target add wasm32-wasip1
WORKDIR /src
COPY .cargo .cargo
COPY Cargo.toml Cargo.lock ./
COPY crates crates
COPY filters filters
COPY services services
COPY tests tests
COPY xtask xtask
RUN cargo fetch --locked
# The demo in the dev profile: its dependencies are optimised there too, and xtask has built most of them.
RUN cargo xtask build \
 && cargo build --locked --package gatehouse-demo \
 && strip -o target/gatehouse-demo target/debug/gatehouse-demo

FROM debian:bookworm-slim AS demo
COPY --from=build /src/target/gatehouse-demo /usr/local/bin/
USER 65534:65534
EXPOSE 8000
ENTRYPOINT ["gatehouse-demo"]

FROM envoyproxy/envoy:v${ENVOY_VERSION} AS gateway
COPY --from=build /src/target/filters/*.wasm /etc/gatehouse/filters/
COPY envoy/*.yaml /etc/gatehouse/
# The `envoy` user of the official image, as a number: the image's entrypoint then changes no user itself.
USER 101:101
EXPOSE 8080 9901
CMD ["envoy", "-c", "/etc/gatehouse/envoy.yaml"]
