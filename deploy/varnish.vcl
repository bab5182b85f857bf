# Varnish in front of the newsroom. A test runs this file; adapt it as the comments say.
#
# Set the name, news.example, and the address of uvicorn. Varnish has no TLS: put nginx, Caddy or Hitch in front,
# and let it set X-Forwarded-Proto and pass on X-Forwarded-For. TRUSTED_PROXIES must include its address and the one that
# Varnish connects from (127.0.0.1 by default). Give Varnish a thread for each open stream (thread_pool_max), or
# let the proxy in front pass /live/<slug>/stream to the newsroom directly.
vcl 4.1;

backend newsroom {
    .host = "127.0.0.1";
    .port = "8000";
    .connect_timeout = 5s;
    .first_byte_timeout = 60s;
    .between_bytes_timeout = 60s;
}

sub vcl_recv {
    # Always use this name, whatever the client requested.
    set req.http.Host = "news.example";

    # Prometheus scrapes the newsroom directly (docs/monitoring.md).
    if (req.url ~ "^/metrics([?]|$)") {
        return (synth(404));
    }
    # Streams stay open for as long as the page does, and are passed on unbuffered.
    if (req.url ~ "^(/zh-hant|/zh-hans)?/live/[-a-zA-Z0-9_]+/stream([?]|$)") {
        return (pipe);
    }
    # Responses to editors, and to partners with a key, are for them only.
    if (req.url ~ "^/admin/" || req.http.Authorization) {
        return (pass);
    }
    # No public response depends on a cookie.
    unset req.http.Cookie;
}

sub vcl_pipe {
    # Otherwise the next request on this connection would bypass vcl_recv.
    set bereq.http.Connection = "close";
}

sub vcl_backend_response {
    # Serve a stale response only if its headers say for how long. By default, Varnish would allow ten
    # seconds (default_grace), but withdrawn content must be gone within five.
    if (beresp.http.Cache-Control !~ "stale-while-revalidate") {
        set beresp.grace = 0s;
    }
    # Keep it for revalidation by its ETag; it is never served without that.
    set beresp.keep = 60s;
}
