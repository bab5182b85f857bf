"""URLs of the public site."""

from django.urls import include, path, re_path, register_converter
from django.urls.converters import StringConverter

from liveblog.reader import (
    cards,
    corrections,
    embed,
    feeds,
    key_events,
    manifest,
    media,
    pages,
    polls,
    responses,
    search,
    sitemaps,
)

app_name = "reader"

_FEED = r"feed\.(?P<form>atom|rss|json)"


class EditionConverter(StringConverter):
    regex = "zh-hant|zh-hans|en"


class CardConverter(StringConverter):
    """Converter of a share card's file name to its version."""

    regex = r"card-[0-9a-f]{16}\.png"

    def to_python(self, value: str) -> str:
        return value.removeprefix("card-").removesuffix(".png")

    def to_url(self, value: str) -> str:
        return f"card-{value}.png"


register_converter(EditionConverter, "edition")
register_converter(CardConverter, "card")

# Pages in both scripts of Chinese: the original has the plain URL, the other script an edition prefix. Those
# that list live blogs have English as well.
in_editions = [
    path("", pages.front, name="front"),
    re_path(rf"^{_FEED}$", feeds.of_site, name="site_feed"),
    path("live/<slug:slug>/", pages.blog, name="blog"),
    path("live/<slug:slug>/<int:pk>/", pages.update, name="update"),
    path("live/<slug:slug>/key-events/", key_events.key_events, name="key_events"),
    path("live/<slug:slug>/corrections/", corrections.corrections, name="corrections"),
    path("live/<slug:slug>/respond/", responses.respond, name="respond"),
    path("live/<slug:slug>/changes.json", polls.changes, name="changes"),
    re_path(rf"^live/(?P<slug>[-\w]+)/{_FEED}$", feeds.of_blog, name="blog_feed"),
    path("topics/<slug:slug>/", pages.topic, name="topic"),
    re_path(rf"^topics/(?P<slug>[-\w]+)/{_FEED}$", feeds.of_topic, name="topic_feed"),
    path("manifest.webmanifest", manifest.manifest, name="manifest"),
    path("<card:version>", cards.site_card, name="site_card"),
    path("live/<slug:slug>/<card:version>", cards.blog_card, name="blog_card"),
    path("live/<slug:slug>/<int:pk>/<card:version>", cards.update_card, name="update_card"),
    path("topics/<slug:slug>/<card:version>", cards.topic_card, name="topic_card"),
    path("search/", search.search, name="search"),
    path("embed/<slug:slug>/", embed.embed, name="embed"),
    path("embed/<slug:slug>/<int:pk>/", embed.embed_update, name="embed_update"),
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
