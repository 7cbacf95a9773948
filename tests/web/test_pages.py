"""Pages as an anonymous visitor, a resident, a neighbour and staff get them."""

from __future__ import annotations

import re

import pytest
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import reverse

from tests.conftest import png
from tongban.base.clocks import utc_now
from tongban.cases.models import Case, Draft

CODE = "513A0011200068-511602000000-000-1151130000877869M-1-00"


def signed_in(account) -> Client:
    client = Client()
    client.force_login(account)
    return client


def text_of(answer) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/search?q=身份证",
        "/search",
        f"/items/{CODE}/",
        "/region/",
        "/region/?in=511602000000",
        "/sign-in/",
        "/help/",
        "/about/",
        "/accessibility/",
        "/health/live",
        "/health/ready",
        "/api/v1/search?q=sfz",
        "/api/v1/openapi.json",
        "/api/v1/docs",
    ],
)
def test_everybody_can_read(site, client, path):
    assert client.get(path).status_code == 200


@pytest.mark.parametrize("path", ["/me/", "/work/", f"/items/{CODE}/apply/", "/cases/1/"])
def test_own_pages_ask_to_sign_in_and_come_back(site, client, path):
    answer = client.get(path)
    assert answer.status_code == 302
    assert answer.headers["Location"].startswith("/sign-in/?next=/")


def test_chinese_is_the_default_whatever_the_browser_prefers(site, client):
    answer = client.get("/", headers={"accept-language": "en-US,en"})
    assert 'lang="zh-Hans"' in answer.content.decode()
    assert "在广安区,你想办什么?" in text_of(answer)


def test_english_is_one_click_away_and_stays(site, client):
    answer = client.post("/language/", {"language": "en", "next": "/help/"})
    assert answer.headers["Location"] == "/help/"
    assert "Without the internet" in text_of(client.get("/help/"))
    assert "Resident ID card" in text_of(client.get(f"/items/{CODE}/"))


def test_larger_type_is_one_click_away(site, client):
    client.post("/elder/", {"next": "/"})
    assert "data-elder" in client.get("/").content.decode()
    client.post("/elder/", {"next": "/"})
    assert "data-elder" not in client.get("/").content.decode()


@pytest.mark.parametrize(
    "target", ["https://evil.example/", "//evil.example", "javascript:alert(1)"]
)
def test_nobody_is_sent_to_another_site(site, client, target):
    assert client.post("/language/", {"language": "en", "next": target}).headers["Location"] == "/"
    answer = client.post(
        f"/sign-in/?next={target}",
        {"login": "li", "password": "a-long-password", "next": target},
    )
    assert answer.headers["Location"] == "/"


def test_a_region_is_chosen_and_searched(site, client):
    answer = client.post("/region/", {"code": "511600000000", "next": "/"})
    assert answer.status_code == 302
    assert "广安市" in text_of(client.get("/"))


@pytest.mark.parametrize("code", ["999999000000", "abc", "", "51'"])
def test_an_unknown_region_gets_a_clear_answer(site, client, code):
    answer = client.post("/region/", {"code": code})
    assert answer.status_code == 404
    assert "没有这个地区" in text_of(answer)


def test_an_unknown_region_in_a_search_gets_a_clear_answer(site, client):
    answer = client.get("/search?q=身份证&region=999999000000")
    assert answer.status_code == 404
    assert "999999000000" in text_of(answer)
    api = client.get("/api/v1/search?q=x&region=999999000000")
    assert api.status_code == 404
    assert api.headers["Content-Type"] == "application/problem+json"
    assert api.json()["errors"][0]["pointer"] == "/region"


def test_an_empty_result_says_what_to_do_next(site, client):
    page = text_of(client.get("/search?q=qqqqxyz"))
    assert "没有找到“qqqqxyz”" in page
    assert "12345" in page


def test_what_was_typed_is_never_markup(site, client):
    page = client.get("/search", {"q": '<script>alert("1")</script>'}).content.decode()
    assert "<script>alert" not in page


def test_a_sample_guide_says_that_it_is_one(site, client):
    assert "示例指南,请以部门答复为准" in text_of(client.get(f"/items/{CODE}/"))


def test_an_item_without_a_guide_says_so(site, client):
    site.make_item("bare-item", "别的事项", site.organ)
    page = text_of(client.get("/items/bare-item/"))
    assert "办事指南还不完整" in page


def test_an_error_page_has_a_reference(site, client):
    answer = client.get("/items/nothing/")
    assert answer.status_code == 404
    assert re.search(r"编号 [0-9A-F]{8}", text_of(answer))


def test_the_api_answers_errors_as_problem_details(site, client):
    for path, status in (("/api/v1/items/nothing", 404), ("/api/v1/search?size=0", 422)):
        answer = client.get(path)
        assert answer.status_code == status
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert {"type", "title", "status", "errors"} <= set(answer.json())


def test_the_search_of_the_api_has_the_documented_form(site, client):
    document = client.get(f"/api/v1/search?q=身份证&region={511602}").json()
    assert set(document) == {"query", "region", "total", "took_ms", "results"}
    assert document["region"] == "511602000000"
    assert set(document["results"][0]) == {"code", "name", "organ", "region", "score"}
    assert document["results"][0]["code"] == CODE


def test_security_headers_are_on_every_answer(site, client):
    for path in ("/", "/nothing", "/api/v1/search?q=x"):
        headers = client.get(path).headers
        assert "default-src 'self'" in headers["Content-Security-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["X-Frame-Options"] == "DENY"


def test_pages_name_no_other_machine(site, client):
    for path in ("/", f"/items/{CODE}/", "/sign-in/"):
        page = client.get(path).content.decode()
        assert not re.findall(r'(?:src|href|action)="(?:https?:)?//', page)
        assert " style=" not in page
        assert " onclick=" not in page


# Applying


def apply_url(page: str = "") -> str:
    return f"/items/{CODE}/apply/" + (f"{page}/" if page else "")


def fill_in(client: Client, world) -> None:
    client.post(apply_url())
    answers = world.answers()
    for page in world.document.form_pages:
        answer = client.post(
            apply_url(page.key), {field.key: answers.get(field.key, "") for field in page.fields}
        )
        assert answer.status_code == 302, text_of(answer)
    answer = client.post(apply_url("materials"), {"file-photo": png(), "action": "next"})
    assert answer.headers["Location"] == apply_url("check")


def test_the_whole_path_works_without_javascript(site):
    resident = signed_in(site.resident)
    fill_in(resident, site)
    page = text_of(resident.get(apply_url("check")))
    assert "丢失补证" in page
    answer = resident.post(apply_url("check"))
    case = Case.objects.get()
    assert answer.headers["Location"] == f"/cases/{case.number}/?sent=1"
    assert case.number in text_of(resident.get(answer.headers["Location"]))
    clerk, reviewer = signed_in(site.clerk), signed_in(site.reviewer)
    work_page = f"/work/cases/{case.number}/"
    assert case.number in text_of(clerk.get("/work/"))
    clerk.post(work_page, {"act": "accept"})
    decision = {"act": "approve", "reasons": "材料齐全,准予。"}
    assert "提交后不能撤回" in text_of(reviewer.post(work_page, decision))
    reviewer.post(work_page, decision | {"confirmed": "yes"})
    page = text_of(resident.get(f"/cases/{case.number}/"))
    assert "已准予" in page
    assert "材料齐全,准予。" in page
    assert "区公安分局" in page


def test_a_mistake_is_named_at_the_top_and_at_the_field_and_nothing_is_lost(site):
    client = signed_in(site.resident)
    client.post(apply_url())
    page = client.post(
        apply_url("applicant"), {"name": "李晓明", "id_number": "511602188002290019", "phone": ""}
    ).content.decode()
    assert 'href="#field-id_number"' in page
    assert 'id="field-id_number-error"' in page
    assert "身份证号第 18 位不对" in page
    assert 'value="511602188002290019"' in page


def test_a_required_document_is_asked_for(site):
    client = signed_in(site.resident)
    client.post(apply_url())
    page = text_of(client.post(apply_url("materials"), {"action": "next"}))
    assert "请上传这份材料" in page


def test_a_mistyped_upload_is_named_and_the_good_one_kept(site):
    from django.core.files.uploadedfile import SimpleUploadedFile

    client = signed_in(site.resident)
    client.post(apply_url())
    wrong = SimpleUploadedFile("病毒.png", b"MZ\x90\x00 not a picture", "image/png")
    page = text_of(
        client.post(
            apply_url("materials"), {"file-photo": [png("好.png"), wrong], "action": "next"}
        )
    )
    assert "“病毒.png”不是 JPG, PNG 格式" in page
    assert "好.png" in page


def test_a_second_click_on_send_leads_to_the_same_case(site):
    client = signed_in(site.resident)
    fill_in(client, site)
    key = str(Draft.objects.get().key)
    first = client.post(apply_url("check"), {"draft": key})
    second = client.post(apply_url("check"), {"draft": key})
    assert second.headers["Location"].rstrip("/") == first.headers["Location"].split("?")[0].rstrip(
        "/"
    )
    assert Case.objects.count() == 1


def test_a_post_without_a_token_is_refused_with_a_clear_page(site):
    client = Client(enforce_csrf_checks=True)
    client.force_login(site.resident)
    answer = client.post(apply_url())
    assert answer.status_code == 403
    assert "表单没有通过安全检查" in text_of(answer)
    assert not Draft.objects.exists()


def test_a_session_that_ends_in_the_middle_loses_nothing(site):
    client = Client()
    client.post("/sign-in/", {"login": "li", "password": "a-long-password"})
    client.post(apply_url())
    Session.objects.all().delete()
    answer = client.post(apply_url("request"), {"reason": "lost", "address": "示例路 9 号"})
    assert answer.headers["Location"].startswith("/sign-in/?next=")
    client.post(
        answer.headers["Location"],
        {"login": "li", "password": "a-long-password", "next": apply_url("request")},
    )
    page = client.get(apply_url("request")).content.decode()
    assert "示例路 9 号" in page
    assert "中途退出了登录" in page


def test_correcting_goes_through_the_same_form(site):
    case = site.make_case("correction")
    client = signed_in(site.resident)
    page = text_of(client.get(f"/cases/{case.number}/"))
    assert "请补照片" in page
    answer = client.post(f"/cases/{case.number}/correct/")
    assert answer.headers["Location"] == f"/cases/{case.number}/correct/applicant/"
    assert client.get(answer.headers["Location"]).status_code == 200
    answer = client.post(f"/cases/{case.number}/correct/check/")
    assert answer.headers["Location"] == f"/cases/{case.number}/?sent=1"
    case.refresh_from_db()
    assert case.state == "submitted"


# Objects of others


def test_every_page_of_a_case_is_closed_to_others(site, client):
    case = site.make_case("correction")
    file = case.files.get()
    outsider = site.make_staff("outsider", site.make_organ("区人社局"), "clerk", "reviewer", "head")
    pages = (
        reverse("cases:case", args=[case.number]),
        reverse("cases:file", args=[case.number, file.key]),
        reverse("cases:correct", args=[case.number]),
        reverse("cases:correct-page", args=[case.number, "applicant"]),
    )
    work_pages = (
        reverse("cases:work-case", args=[case.number]),
        reverse("cases:work-file", args=[case.number, file.key]),
    )
    for account in (site.neighbour, outsider, site.clerk):
        for path in pages:
            assert signed_in(account).get(path).status_code == 404, (account, path)
    for path in work_pages:
        assert signed_in(outsider).get(path).status_code == 404
        assert signed_in(site.neighbour).get(path).status_code == 403
        assert signed_in(site.resident).get(path).status_code == 403
    assert signed_in(outsider).post(work_pages[0], {"act": "accept"}).status_code == 404
    for path in (*pages, *work_pages):
        assert client.get(path).status_code == 302
    assert case.number not in text_of(signed_in(outsider).get("/work/"))
    assert case.number not in text_of(signed_in(site.neighbour).get("/me/"))


def test_a_file_comes_as_a_download_that_cannot_act(site):
    case = site.make_case()
    answer = signed_in(site.resident).get(f"/cases/{case.number}/files/{case.files.get().key}/")
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert answer.headers["Content-Security-Policy"].startswith("sandbox")
    assert b"".join(answer.streaming_content) == png().read()


@pytest.mark.parametrize("number", ["1", "511602-260302-AAAAAAAA-A", "%00", "../../etc"])
def test_a_forged_case_number_is_a_404(site, number):
    assert signed_in(site.resident).get(f"/cases/{number}/").status_code == 404
    assert signed_in(site.clerk).get(f"/work/cases/{number}/").status_code == 404


# The workbench


def test_the_workbench_lists_by_deadline_in_a_fixed_number_of_queries(
    site, django_assert_max_num_queries
):
    for number in ("511602188101019987", "440103188002290018", "440103189912310131"):
        site.make_case("accepted", site.make_resident(f"r{number}", number))
    clerk = signed_in(site.clerk)
    # Among them the lane's page and the counts of the rail; the same for a million cases.
    with django_assert_max_num_queries(13):
        page = clerk.get("/work/?show=accepted")
    assert text_of(page).count("511602-260302-") >= 3


def test_a_case_number_leads_to_the_case_and_a_wrong_one_says_so(site):
    case = site.make_case()
    clerk = signed_in(site.clerk)
    answer = clerk.get("/work/", {"number": case.number.lower()})
    assert answer.headers["Location"] == f"/work/cases/{case.number}/"
    assert "没有这个办件" in text_of(clerk.get("/work/", {"number": "123"}))


def test_missing_reasons_are_asked_for_and_what_was_typed_stays(site):
    case = site.make_case(at=utc_now())
    page = (
        signed_in(site.clerk)
        .post(f"/work/cases/{case.number}/", {"act": "refuse", "reasons": "否"})
        .content.decode()
    )
    assert "请写清申请人需要知道的" in page
    assert ">否</textarea>" in page


def test_a_colleague_who_was_faster_is_explained(site):
    case = site.make_case("accepted")
    answer = signed_in(site.clerk).post(f"/work/cases/{case.number}/", {"act": "accept"})
    assert answer.status_code == 409
    assert "现在不能这样办" in text_of(answer)


def test_an_act_that_does_not_exist_is_refused(site):
    case = site.make_case()
    answer = signed_in(site.clerk).post(f"/work/cases/{case.number}/", {"act": "delete"})
    assert answer.status_code == 422


def test_the_page_of_a_case_takes_a_fixed_number_of_queries(site, django_assert_max_num_queries):
    case = site.make_case("accepted")
    clerk, resident = signed_in(site.clerk), signed_in(site.resident)
    clerk.get(f"/work/cases/{case.number}/")
    # session, account, posts for page and frame, opening (5), case, bundle, events, files, acts, counts
    # and of the desk: claim, notes, texts for reasons, colleagues
    with django_assert_max_num_queries(24):
        clerk.get(f"/work/cases/{case.number}/")
    # session, account, posts, delegations, case, bundle, procedure, events, files, acts in the
    # ledger, unread messages
    with django_assert_max_num_queries(13):
        resident.get(f"/cases/{case.number}/")


def test_a_guide_page_takes_two_queries(site, client, django_assert_num_queries):
    client.get("/")
    with django_assert_num_queries(2):
        client.get(f"/items/{CODE}/")


def test_demonstration_accounts_are_refused_in_production(site, settings):
    from dataclasses import replace

    site.resident.demonstration = True
    site.resident.save()
    form = {"login": "li", "password": "a-long-password"}
    assert Client().post("/sign-in/", form).status_code == 302
    settings.ENVIRONMENT = replace(settings.ENVIRONMENT, kind="production")
    stopped = Client()
    stopped.post("/sign-in/", form)
    assert stopped.get("/me/").status_code == 302


def test_a_request_that_is_too_large_is_refused_before_it_is_read(site):
    client = signed_in(site.resident)
    answer = client.post(apply_url("materials"), CONTENT_LENGTH=str(10**9))
    assert answer.status_code == 413
    assert "64 MB" in text_of(answer)


def test_a_wrong_method_gets_a_page(site, client):
    answer = client.get("/language/")
    assert answer.status_code == 405
    assert answer.headers["Allow"] == "POST"
    assert "12345" in text_of(answer)


def test_a_search_before_there_is_an_index_says_so(world, client, own_home):
    assert client.get("/search?q=x").status_code == 503
    assert client.get("/api/v1/search?q=x").json()["type"] == "/problems/search_not_ready"
    assert client.get("/health/ready").status_code == 503


def test_a_broken_page_shows_a_reference_and_no_inside(site, monkeypatch):
    from tongban.catalogue import views

    monkeypatch.setattr(views, "find_item", lambda code: 1 / 0)
    client = Client(raise_request_exception=False)
    answer = client.get(f"/items/{CODE}/")
    assert answer.status_code == 500
    assert "Reference" in text_of(answer)
    assert "ZeroDivision" not in text_of(answer)
