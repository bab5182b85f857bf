"""URL patterns under `/admin/liveblog/liveblog/<id>/desk/`."""

from django.urls import path

from liveblog.desk import (
    access,
    asking,
    coverage,
    history,
    live,
    material,
    paste,
    preview,
    safeguards,
    verbs,
    views,
)

app_name = "desk"

urlpatterns = [
    path("", views.desk, name="desk"),
    path("token/", access.token, name="token"),
    path("coverage/withdraw/", coverage.withdraw, name="withdraw"),
    path("coverage/<slug:action>/", coverage.run, name="coverage"),
    path("discard/", views.discard, name="discard"),
    path("state/", live.state, name="state"),
    path("ask/", asking.ask, name="ask"),
    path("autosave/", live.autosave, name="autosave"),
    path("preview/", preview.preview, name="preview"),
    path(
        "preview/pictures/<str:signature>/<slug:key>/<int:width>.<slug:extension>",
        preview.picture,
        name="preview_picture",
    ),
    path("paste/", paste.paste, name="paste"),
    path("paste/text/", paste.text, name="paste_text"),
    path("pictures/", material.add_picture, name="pictures"),
    path("pictures/<int:image_pk>/", material.edit_picture, name="picture"),
    path("stories/", material.find_stories, name="stories"),
    path("updates/<int:update_pk>/history/", history.history, name="history"),
    path("updates/<int:update_pk>/flags/", safeguards.set_flags, name="flags"),
    path("safeguards/<slug:action>/", safeguards.on_blog, name="safeguard"),
    path("updates/<int:update_pk>/<slug:action>/", verbs.on_update, name="update"),
    path("responses/<int:response_pk>/<slug:action>/", verbs.on_response, name="response"),
]
