"""The desk is closed by default."""

from collections.abc import Callable

import httpx
import pytest
from fastapi import Depends, FastAPI
from fastapi.routing import APIRoute

from backlog.model import Staff
from desk.app import ROUTERS
from desk.gate import Access, access_of, enter

ROUTES = [route for router in ROUTERS for route in router.routes if isinstance(route, APIRoute)]
CALLS = [(method, route.path) for route in ROUTES for method in sorted(route.methods or ())]


def address_of(path: str) -> str:
    some = {"number": "PA-2026-000001-0", "action": "close", "rest": "abc/def", "file_id": "1", "request_id": "1"}
    return "/desk" + path.replace(":path", "").format(**some)


def test_there_are_routes_to_check() -> None:
    assert len(ROUTES) >= 17


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{sorted(route.methods or ())} {route.path}")
def test_every_route_says_who_may_enter(route: APIRoute) -> None:
    access = access_of(route.endpoint)
    assert access is not None, f"{route.path} needs @opens(...)"
    assert (access is Access.ANYONE) == (route.path == "/login"), "only the login page is open to anyone"


@pytest.mark.parametrize(("method", "path"), [call for call in CALLS if call[1] != "/login"])
def test_a_stranger_gets_nothing(client: httpx.Client, method: str, path: str) -> None:
    answer = client.request(method, address_of(path))
    if method == "GET":
        assert answer.status_code == 303
        assert answer.headers["location"].startswith("/desk/login")
    else:
        assert answer.status_code == 401


@pytest.mark.parametrize("path", [path for method, path in CALLS if method == "POST" and path != "/login"])
def test_a_form_from_elsewhere_is_refused(
    client: httpx.Client, add: Callable[..., Staff], sign_in: Callable[[str], None], path: str
) -> None:
    add()
    sign_in("hoa")
    answer = client.post(address_of(path), data={"csrf": "0" * 64})
    assert answer.status_code == 403
    assert "Trang đã cũ" in answer.text


def test_a_route_that_declares_nothing_refuses_even_an_administrator(
    app: FastAPI, client: httpx.Client, add: Callable[..., Staff], sign_in: Callable[[str], None]
) -> None:
    def forgotten() -> dict[str, str]:
        return {"secret": "shown"}

    app.router.routes.insert(
        0, APIRoute("/desk/forgotten", forgotten, dependencies=[Depends(enter, scope="function")])
    )
    add("quantri", "admin")
    sign_in("quantri")
    answer = client.get("/desk/forgotten")
    assert answer.status_code == 403
    assert "shown" not in answer.text
