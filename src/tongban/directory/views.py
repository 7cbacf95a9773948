"""Pages about who one is, and the staff's pages about people and posts."""

from __future__ import annotations

from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from tongban.base.clocks import utc_now
from tongban.base.permissions import Permission, opens_to
from tongban.base.problems import DomainError
from tongban.directory import security_log
from tongban.directory.forms import (
    AnswerForm,
    IdentityForm,
    PersonSearchForm,
    PostForm,
    SubstituteForm,
    show_fault,
)
from tongban.directory.models import (
    Account,
    KnownDevice,
    Person,
    Post,
    SecurityEvent,
    Substitution,
)
from tongban.directory.requests import account_of, row_number
from tongban.directory.rules import mask
from tongban.directory.selectors import person_of
from tongban.directory.services import identity as proving
from tongban.directory.services import own_data, posts

LOG_ROWS = 100
FORM = ["GET", "HEAD", "POST"]


# My affairs


@opens_to(Permission.OWN_SPACE)
@require_http_methods(FORM)
def identity(request: HttpRequest) -> HttpResponse:
    """Who the account is, and how sure that is; join it to a verified person."""
    account = account_of(request)
    form = IdentityForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            person = proving.verify_online(account, **form.cleaned_data)
            security_log.note(request, security_log.IDENTITY_CHECKED, subject=f"person {person.pk}")
            messages.success(request, _("You are verified. You can apply online now."))
            return redirect("directory:identity")
        except DomainError as fault:
            show_fault(form, fault)
    found = person_of(account)
    context = {
        "form": form,
        "person": found,
        "masked": mask(found.id_number, "resident_id") if found else "",
    }
    return render(request, "directory/identity.html", context)


@opens_to(Permission.OWN_SPACE)
@require_safe
def security(request: HttpRequest) -> HttpResponse:
    """Ways to sign in, devices, and what happened lately."""
    account = account_of(request)
    kinds = set(Authenticator.objects.filter(user=account).values_list("type", flat=True))
    context = {
        "has_app": "totp" in kinds,
        "has_passkey": "webauthn" in kinds,
        "has_codes": "recovery_codes" in kinds,
        "sessions": UserSession.objects.filter(user=account).count(),
        "upstream": settings.ENVIRONMENT.upstream,
        "identities": _identities(account),
        "devices": list(account.devices.order_by("-last_seen_at")),
        "events": [
            {"at": event.at, "what": security_log.KINDS.get(event.kind, event.kind)}
            for event in account.security_events.order_by("-at")[:15]
        ],
    }
    return render(request, "directory/security.html", context)


def _identities(account: Account) -> list[SocialAccount]:
    """The identities of the upstream that sign in to the account."""
    upstream = settings.ENVIRONMENT.upstream
    if upstream is None:
        return []
    return list(SocialAccount.objects.filter(user=account, provider=upstream.issuer))


@opens_to(Permission.OWN_SPACE)
@require_POST
def forget_device(request: HttpRequest, device: int) -> HttpResponse:
    """A device is a stranger again."""
    KnownDevice.objects.filter(account=account_of(request), pk=device).delete()
    messages.success(request, _("The device is forgotten."))
    return redirect("directory:security")


# At the counter


@opens_to(Permission.SERVE_PEOPLE)
@require_http_methods(FORM)
def people(request: HttpRequest) -> HttpResponse:
    """Find a person by the card on the counter; verify or register them."""
    account = account_of(request)
    verify = request.POST.get("act") == "verify"
    search = PersonSearchForm(request.POST if request.method == "POST" and not verify else None)
    form = IdentityForm(request.POST if verify else None)
    person: Person | None = None
    if verify and form.is_valid():
        try:
            person = proving.verify_in_person(account, **form.cleaned_data)
            security_log.note(request, security_log.IDENTITY_CHECKED, subject=f"person {person.pk}")
            messages.success(request, _("Recorded: seen in person with the ID card."))
        except DomainError as fault:
            show_fault(form, fault)
    elif search.is_bound and search.is_valid():
        try:
            person = proving.person_at_counter(account, search.cleaned_data["id_number"])
        except DomainError as fault:
            show_fault(search, fault)
    context = {
        "search": search,
        "form": form,
        "person": person,
        "masked": mask(person.id_number, "resident_id") if person else "",
    }
    return render(request, "directory/people.html", context)


@opens_to(Permission.ANSWER_CORRECTION)
@require_http_methods(FORM)
def corrections(request: HttpRequest) -> HttpResponse:
    """What people say is wrong on file about them."""
    account = account_of(request)
    form = AnswerForm(request.POST or None)
    fault: DomainError | None = None
    if request.method == "POST" and form.is_valid():
        wanted = request.POST.get("request", "")
        try:
            own_data.answer_correction(
                account,
                row_number(wanted),
                grant=request.POST.get("act") == "grant",
                answer=form.cleaned_data["answer"],
            )
            messages.success(request, _("Answered. The person sees it under «My data»."))
            return redirect("directory:corrections")
        except DomainError as refused:
            fault = refused
    context = {"requests": own_data.correction_requests(account), "form": form, "fault": fault}
    return render(request, "directory/corrections.html", context)


# Posts


@opens_to(Permission.MANAGE_POSTS)
@require_http_methods(FORM)
def manage_posts(request: HttpRequest) -> HttpResponse:
    """Who has which post in the administrator's organs; give, take, name substitutes."""
    account = account_of(request)
    organs = posts.managed_organs(account)
    choices = [(organ.code, organ.name) for organ in organs]
    act = request.POST.get("act", "")
    give = PostForm(request.POST if act == "give" else None, organs=choices, prefix="give")
    stand_in = SubstituteForm(
        request.POST if act == "substitute" else None, organs=choices, prefix="substitute"
    )
    fault: DomainError | None = None
    if request.method == "POST":
        try:
            if _change_posts(request, act, give, stand_in):
                security_log.note(request, security_log.POSTS_CHANGED, subject=act)
                messages.success(request, _("Done. It stands in the ledger."))
                return redirect("directory:posts")
        except DomainError as refused:
            form = {"give": give, "substitute": stand_in}.get(act)
            if form is None:
                fault = refused
            else:
                show_fault(form, refused)
    held = Post.objects.filter(organ__in=organs).select_related("account", "organ")
    context = {
        "posts": held.order_by("organ__name", "role", "account__username"),
        "substitutions": Substitution.objects.filter(organ__in=organs, revoked_at=None)
        .select_related("absent", "substitute", "organ")
        .order_by("-valid_to")[:50],
        "give": give,
        "stand_in": stand_in,
        "fault": fault,
        "own": account.pk,
    }
    return render(request, "directory/posts.html", context)


def _change_posts(request: HttpRequest, act: str, give: PostForm, stand_in: SubstituteForm) -> bool:
    """Do what was asked for; False when the form is not filled in right."""
    account = account_of(request)
    which = row_number(request.POST.get("which", ""))
    if act == "give":
        if not give.is_valid():
            return False
        posts.give_post(account, **give.cleaned_data)
    elif act == "substitute":
        if not stand_in.is_valid():
            return False
        posts.name_substitute(account, **stand_in.cleaned_data)
    elif act == "take":
        posts.take_post(account, post=which)
    elif act == "end":
        posts.end_substitution(account, substitution=which)
    else:
        return False
    return True


@opens_to(Permission.READ_SECURITY_LOG)
@require_safe
def log(request: HttpRequest) -> HttpResponse:
    """The security log, newest first, with what wants a look above it."""
    kind = request.GET.get("kind", "")
    events = SecurityEvent.objects.select_related("account").order_by("-at", "-pk")
    if kind in security_log.KINDS:
        events = events.filter(kind=kind)
    before = row_number(request.GET.get("before", ""))
    if before:
        events = events.filter(pk__lt=before)
    found = list(events[:LOG_ROWS])
    context = {
        "alerts": security_log.alerts(utc_now()),
        "events": [
            {"event": event, "what": security_log.KINDS.get(event.kind, event.kind)}
            for event in found
        ],
        "kinds": security_log.KINDS,
        "kind": kind,
        "older": found[-1].pk if len(found) == LOG_ROWS else "",
    }
    return render(request, "directory/log.html", context)
