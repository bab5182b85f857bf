# Turns deploy/nginx.conf into the file for the two web nodes of deploy/compose.yaml. A benchmark runs the result.
# A request that one node has not answered goes to the other, unless it may have been carried out (POST).
# A failed node is tried again after a second, because in a rolling restart the other one may be next.
s/server 127\.0\.0\.1:8000;/server web1:8000 fail_timeout=1s;\n        server web2:8000 fail_timeout=1s;/
s/proxy_next_upstream off;/proxy_next_upstream error timeout;/
