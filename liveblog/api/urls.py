"""URLs under `/api/v1/`."""

from django.urls import path, re_path

from liveblog.api import changes, ninjs, problems, schema, views

app_name = "api"

urlpatterns = [
    path("", views.Root.as_view(), name="root"),
    path("blogs/", views.Blogs.as_view(), name="blogs"),
    path("blogs/<slug:slug>/", views.Blog.as_view(), name="blog"),
    path("blogs/<slug:slug>/updates/", views.UpdatesOfBlog.as_view(), name="blog_updates"),
    path("blogs/<slug:slug>/changes/", changes.Changes.as_view(), name="blog_changes"),
    path("blogs/<slug:slug>/ninjs/", ninjs.OfBlog.as_view(), name="blog_ninjs"),
    path("updates/", views.Updates.as_view(), name="updates"),
    path("updates/<int:pk>/", views.OneUpdate.as_view(), name="update"),
    path("updates/<int:pk>/withdrawal/", views.Withdrawal.as_view(), name="update_withdrawal"),
    path("updates/<int:pk>/ninjs/", ninjs.OfUpdate.as_view(), name="update_ninjs"),
    path("search/", views.Search.as_view(), name="search"),
    path("related-stories/", views.RelatedStories.as_view(), name="related_stories"),
    path("topics/", views.Topics.as_view(), name="topics"),
    path("schema/", schema.Schema.as_view(), name="schema"),
    path("docs/", schema.Docs.as_view(), name="docs"),
    # Require the slash: for paths without it, Django first tries to redirect to the path with it.
    re_path(r"^(?:.*/)$", problems.unknown),
]
