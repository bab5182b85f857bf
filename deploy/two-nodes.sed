# Turns deploy/nginx.conf into the file for the two web nodes of deploy/compose.yaml. A benchmark runs the result.
# A request that a node has not answered goes to the other one, unless it may have been carried out (POST).
# A node that failed is tried again after a second: in a rolling restart the other one may be next.
s/server 127\.0\.0\.1:8000;/server web1:8000 fail_timeout=1s;\n        server web2:8000 fail_timeout=1s;/
s/proxy_next_upstream off;/proxy_next_upstream error timeout;/
