"""The peak counts the multiply-adds that its binary holds."""

import shutil

import pytest
from benchmarks import peak
from benchmarks.peak import SUMS, Peak, Speed, multiply_adds

COMPILES = shutil.which("c++") or shutil.which("g++") or shutil.which("clang++")
needs_compiler = pytest.mark.skipif(not COMPILES, reason="no C++ compiler")
needs_objdump = pytest.mark.skipif(not shutil.which("objdump"), reason="no objdump")

X86 = """
peak:     file format elf64-x86-64

0000000000001200 <other()>:
    1200:	vfmadd132ps %zmm1,%zmm0,%zmm2
    1206:	jne    1200 <other()>

0000000000001290 <Pass multiply_add<float>()>:
    1290:	vfmadd132ps %zmm1,%zmm0,%zmm2
    1298:	mov    $0x30d40,%eax
    12a0:	vfmadd132ps %zmm1,%zmm0,%zmm2
    12a6:	vfmadd213ps %zmm0,%zmm1,%zmm3
    12ac:	vaddps %zmm0,%zmm1,%zmm3
    12b2:	sub    $0x1,%eax
    12b5:	jne    12a0 <Pass multiply_add<float>()+0x10>
    12b7:	vmulss %xmm0,%xmm0,%xmm0
    12c0:	jne    1298 <Pass multiply_add<float>()+0x8>
    12c6:	ret
"""
ARM = """
0000000000001290 <Pass multiply_add<double>()>:
    12a0:	fmla	v0.2d, v1.2d, v2.2d
    12a4:	mov	v0.16b, v3.16b
    12a8:	fmla	v3.2d, v1.2d, v2.2d
    12ac:	fmla	v4.2d, v1.2d, v2.2d
    12b0:	subs	w0, w0, #0x1
    12b4:	b.ne	12a0 <Pass multiply_add<double>()+0x10>  // b.any
    12b8:	ret
"""


def test_the_innermost_loop_of_the_function_is_counted():
    assert multiply_adds(X86, "multiply_add<float>") == 2
    assert multiply_adds(ARM, "multiply_add<double>") == 3
    assert multiply_adds(ARM, "multiply_add<float>") == 0


@needs_compiler
@needs_objdump
def test_the_binary_holds_every_sum(tmp_path):
    program = Peak(tmp_path, None)
    assert (program.missing, program.note) == ("", "")


@needs_compiler
@needs_objdump
def test_a_sum_that_the_compiler_left_out_is_found(tmp_path, monkeypatch):
    text = peak.source()
    assert "s3 = s3 * a + b;" in text
    monkeypatch.setattr(peak, "source", lambda: text.replace("s3 = s3 * a + b;", ""))
    program = Peak(tmp_path, None)
    assert f"{SUMS - 1} multiply-adds" in program.missing
    assert f"{SUMS} are written" in program.missing
    assert program.measure() is None


@needs_compiler
def test_without_objdump_a_note_says_that_nothing_was_counted(tmp_path, monkeypatch):
    which = shutil.which
    monkeypatch.setattr(shutil, "which", lambda name: None if name == "objdump" else which(name))
    program = Peak(tmp_path, None)
    assert program.missing == ""
    assert "objdump was not found" in program.note


@needs_compiler
def test_the_speeds_are_those_of_the_counted_work(tmp_path, monkeypatch):
    program = Peak(tmp_path, None)
    answer = type("Done", (), {"stdout": "64 1e-9 2e-9 6\n"})
    monkeypatch.setattr("benchmarks.peak.subprocess.run", lambda *_, **__: answer)
    speed = program.measure()
    assert speed.float32 == pytest.approx(2 * SUMS * 16)
    assert speed.float64 == pytest.approx(2 * SUMS * 8 / 2)
    assert (speed.bits, speed.a_cycle) == (512, SUMS / 6)


def test_the_clock_follows_from_speed_and_width():
    assert Speed(192.0, 96.0, 512, 2.0).ghz == pytest.approx(3)
    assert Speed(118.4, 59.2, 512, 1.0).ghz == pytest.approx(3.7)
    assert "2.0 multiply-adds of 512 bits a cycle at 3.00 GHz" in str(Speed(192.0, 96.0, 512, 2.0))
