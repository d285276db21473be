"""The QR code of a link."""

import re

import pytest

segno = pytest.importorskip("segno")


def test_the_code_is_that_of_the_link_black_on_white(client):
    link = "http://lab.example:8765/?data=xor&hidden=4,2&step=30"
    answer = client.get("/qr.svg", params={"link": link})
    assert answer.headers["content-type"] == "image/svg+xml"
    size = segno.make_qr(link).symbol_size(border=4)[0]
    assert f'viewBox="0 0 {size} {size}"' in answer.text
    assert set(re.findall(r'"(#[0-9a-f]+)"', answer.text)) == {"#000", "#fff"}
    assert answer.content != client.get("/qr.svg", params={"link": link + "1"}).content
    assert 'name="offers" content="qr"' in client.get("/").text


@pytest.mark.parametrize("query", ["", "?link=", "?link=javascript:alert(1)", "?link=http://a.example/?" + "x" * 1600])
def test_what_is_no_address_gets_no_code(client, query):
    assert client.get(f"/qr.svg{query}").json()["error"].startswith("link: expected")
