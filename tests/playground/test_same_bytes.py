"""The same address gives the same bytes: from two servers, on any number of threads, whatever was asked before."""

import re

import pytest

QUERIES = [
    "step=500",
    "n=2000&hidden=32,32&activation=tanh&optimizer=adam&step=40",
    "data=blobs&classes=5&hidden=16&batch=64&dropout=0.3&step=333",
    "data=sine&features=x,y,xx,yy,xy,sinx,siny&n=2000&hidden=32,16,8&activation=gelu,silu,elu&l1=0.001&step=25",
    "data=spirals&hidden=8,8&edits=10:W1,0,0=3;50:b2,1=-2&step=120&noise=0.05",
]


@pytest.fixture(scope="module")
def ports(start_server):
    return [start_server(threads=threads)[0] for threads in (1, 2)]


@pytest.mark.parametrize("query", QUERIES)
def test_two_servers_on_one_and_two_threads_answer_alike(ports, fetch, query):
    one, two = ports
    fetch(two, f"/frame?{re.sub('step=[0-9]+', 'step=77', query)}")  # one of them comes from a checkpoint
    for path in ("/data", "/frame", "/export/model.safetensors", "/export/script.py", "/export/model.json"):
        a, b = (fetch(port, f"{path}?{query}") for port in (one, two))
        assert a[0] == 200
        assert a == b
