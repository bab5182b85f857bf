"""The addresses of the public site."""

from django.urls import include, path, re_path, register_converter
from django.urls.converters import StringConverter

from liveblog.reader import embed, feeds, media, pages, polls, responses, search, sitemaps

app_name = "reader"

_FEED = r"feed\.(?P<form>atom|rss|json)"


class EditionConverter(StringConverter):
    regex = "zh-hant|zh-hans"


register_converter(EditionConverter, "edition")

# What is printed in either script of Chinese: at its plain address in its own, under a prefix in the other.
in_editions = [
    path("", pages.front, name="front"),
    re_path(rf"^{_FEED}$", feeds.of_site, name="site_feed"),
    path("live/<slug:slug>/", pages.blog, name="blog"),
    path("live/<slug:slug>/<int:pk>/", pages.update, name="update"),
    path("live/<slug:slug>/respond/", responses.respond, name="respond"),
    path("live/<slug:slug>/changes.json", polls.changes, name="changes"),
    re_path(rf"^live/(?P<slug>[-\w]+)/{_FEED}$", feeds.of_blog, name="blog_feed"),
    path("topics/<slug:slug>/", pages.topic, name="topic"),
    re_path(rf"^topics/(?P<slug>[-\w]+)/{_FEED}$", feeds.of_topic, name="topic_feed"),
    path("search/", search.search, name="search"),
    path("embed/<slug:slug>/", embed.embed, name="embed"),
]

urlpatterns = [
    *in_editions,
    path("<edition:edition>/", include(in_editions)),
    path("oembed", embed.oembed, name="oembed"),
    path("media/<slug:key>/<int:width>.<slug:extension>", media.rendition, name="rendition"),
    path("sitemap.xml", sitemaps.sitemap_index, name="sitemap"),
    path("sitemap-<slug:section>.xml", sitemaps.sitemap_section, name="sitemap_section"),
    path("news-sitemap.xml", sitemaps.news_sitemap, name="news_sitemap"),
    path("robots.txt", sitemaps.robots, name="robots"),
    re_path(r"^(?P<key>[A-Za-z0-9-]{8,128})\.txt$", sitemaps.index_key, name="index_key"),
]
