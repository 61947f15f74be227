# The gateway and the demo services behind it, as docker-compose.yml runs them.
# Only features of the classic builder: docker-compose 1.29 has to build this too.

ARG RUST_VERSION=1.95.0
# Given by docker-compose.yml, out of .env.
ARG ENVOY_VERSION

FROM rust:${RUST_VERSION}-slim-bookworm AS toolchain
ARG RUST_VERSION
# rust-toolchain.toml says `stable`; the image has one toolchain, and rustup is not to fetch
# another.
ENV RUSTUP_TOOLCHAIN=${RUST_VERSION} CARGO_INCREMENTAL=0
RUN rustup target add wasm32-wasip1
WORKDIR /src

FROM toolchain AS sources
COPY .cargo .cargo
COPY Cargo.toml Cargo.lock ./
COPY crates crates
COPY filters filters
COPY services services
COPY tests tests
COPY xtask xtask
COPY docs docs

# The manifests alone, over empty programs: this changes only with a dependency.
FROM sources AS manifests
RUN find */ -type f ! -name Cargo.toml -delete \
 && for manifest in $(find */ -name Cargo.toml); do \
      crate=$(dirname "$manifest") && mkdir -p "$crate/src" && touch "$crate/lib.rs" "$crate/src/lib.rs" \
      && echo 'fn main() {}' > "$crate/src/main.rs"; \
    done

FROM toolchain AS build
# What others wrote, compiled once: an edit of our own sources builds from here.
COPY --from=manifests /src /src
RUN cargo fetch --locked
# All native programs in one go, here and below: apart they would want some crates with other
# features. Wasm with the flags that `cargo xtask build` gives, as with others it would compile all
# once more.
RUN cargo build --locked --package xtask --package gatehouse-demo --package gatehouse-console \
 && sources="$(rustc --print sysroot)/lib/rustlib/src/rust" \
 && commit="$(rustc -vV | sed -n 's/^commit-hash: //p')" \
 && cargo build --locked --release --target wasm32-wasip1 --config "target.wasm32-wasip1.rustflags=[ \
      \"--remap-path-prefix=$CARGO_HOME=/cargo\", \"--remap-path-prefix=$sources=/rustc/$commit\"]" \
      $(for filter in filters/*/; do echo "--package gatehouse-$(basename "$filter")"; done) \
 && find . -mindepth 1 -maxdepth 1 ! -name target -exec rm -r {} +
COPY --from=sources /src /src
# Cargo goes by the time of change, and a checkout may be older than the empty programs.
RUN find */ -name '*.rs' ! -path 'target/*' -exec touch {} + \
 && cargo xtask build
# The dev profile optimises the cryptography, which is where the demo spends its time.
RUN cargo build --locked --package xtask --package gatehouse-demo --package gatehouse-console \
 && strip -o target/gatehouse-demo target/debug/gatehouse-demo \
 && strip -o target/gatehouse-console target/debug/gatehouse-console

FROM debian:bookworm-slim AS demo
COPY --from=build /src/target/gatehouse-demo /usr/local/bin/
USER 65534:65534
EXPOSE 8000
ENTRYPOINT ["gatehouse-demo"]

# The demo's program is its healthcheck.
FROM demo AS console
COPY --from=build /src/target/gatehouse-console /usr/local/bin/
EXPOSE 9902
ENTRYPOINT ["gatehouse-console"]

FROM envoyproxy/envoy:v${ENVOY_VERSION} AS gateway
COPY --from=build /src/target/filters/*.wasm /etc/gatehouse/filters/
COPY envoy/*.yaml /etc/gatehouse/
# A checkout under a strict umask is readable by its owner alone.
RUN chmod -R a+rX /etc/gatehouse \
 && install -d -o 101 -g 101 /var/log/gatehouse
# The `envoy` user of the official image, as a number: the image's entrypoint then changes no user
# itself.
USER 101:101
EXPOSE 8080 9901
CMD ["envoy", "-c", "/etc/gatehouse/envoy.yaml"]
