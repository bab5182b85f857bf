# Varnish in front of the newsroom. A test runs this file; change it as the comments say.
#
# Set the name, news.example, and the address of uvicorn. Varnish speaks no TLS: put nginx, Caddy or Hitch before it,
# which set X-Forwarded-Proto and pass on X-Forwarded-For. TRUSTED_PROXIES must have their address and the one that
# Varnish connects from (127.0.0.1 by default). Give Varnish a thread for each open stream (thread_pool_max), or
# let the proxy before it pass /live/<slug>/stream to the newsroom directly.
vcl 4.1;

backend newsroom {
    .host = "127.0.0.1";
    .port = "8000";
    .connect_timeout = 5s;
    .first_byte_timeout = 60s;
    .between_bytes_timeout = 60s;
}

sub vcl_recv {
    # The name is this one, whatever was asked for.
    set req.http.Host = "news.example";

    # Figures for Prometheus, which asks the newsroom itself (docs/monitoring.md).
    if (req.url ~ "^/metrics([?]|$)") {
        return (synth(404));
    }
    # Streams stay open for as long as the page does, and are passed on as they come.
    if (req.url ~ "^(/zh-hant|/zh-hans)?/live/[-a-zA-Z0-9_]+/stream([?]|$)") {
        return (pipe);
    }
    # Editors, and partners with a key: their answers are theirs alone.
    if (req.url ~ "^/admin/" || req.http.Authorization) {
        return (pass);
    }
    # No public answer depends on a cookie.
    unset req.http.Cookie;
}

sub vcl_pipe {
    # The next request on this connection would not come by vcl_recv.
    set bereq.http.Connection = "close";
}

sub vcl_backend_response {
    # Where an answer does not say for how long a stale one will do, none does. Varnish alone would grant ten
    # seconds (default_grace), and what was withdrawn must be gone within five.
    if (beresp.http.Cache-Control !~ "stale-while-revalidate") {
        set beresp.grace = 0s;
    }
    # Kept to ask with its ETag whether it is unchanged; nobody is served it without asking.
    set beresp.keep = 60s;
}
