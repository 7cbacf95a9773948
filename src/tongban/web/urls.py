"""All addresses. Rooms keep their own; this file only joins them."""

from django.urls import include, path

from tongban.base.gates import Audience, opens_to
from tongban.web import views
from tongban.web.api import api
from tongban.web.openid.urls import discovery, provider

pages = (
    [
        path("", views.home, name="home"),
        path("me/", views.me, name="me"),
        path("region/", views.region, name="region"),
        path("language/", views.language, name="language"),
        path("elder/", views.elder, name="elder"),
        path("sign-in/", opens_to(Audience.EVERYONE)(views.SignIn.as_view()), name="sign-in"),
        path("sign-out/", opens_to(Audience.EVERYONE)(views.SignOut.as_view()), name="sign-out"),
        path("help/", views.page("web/help.html"), name="help"),
        path("about/", views.page("web/about.html"), name="about"),
        path("accessibility/", views.page("web/accessibility.html"), name="accessibility"),
        path("health/live", views.live, name="live"),
        path("health/ready", views.ready, name="ready"),
    ],
    "web",
)

urlpatterns = [
    path("", include(pages)),
    path("", include("tongban.catalogue.urls")),
    path("", include("tongban.cases.urls")),
    path("", include("tongban.ledger.urls")),
    path("", include(provider)),
    path("", include(discovery)),
    path("api/v1/", api.urls),
]

handler400 = "tongban.web.errors.bad_request"
handler403 = "tongban.web.errors.forbidden"
handler404 = "tongban.web.errors.not_found"
handler500 = "tongban.web.errors.server_error"
