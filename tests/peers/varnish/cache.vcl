# Varnish as a cache. `cargo xtask bench cache` fills in what is between at signs.
vcl 4.1;

backend origin {
    .host = "127.0.0.1";
    .port = "@origin@";
}

sub vcl_recv {
    # Its own rules pass requests with cookies on; here all are looked up.
    return (hash);
}
