import pytest

from sambench.files.faults import plain_interrupts


def raise_from(cause):
    try:
        raise cause
    except BaseException as error:
        raise SystemError("returned a result with an exception set") from error


def test_ctrl_c_in_compiled_code_is_an_interrupt():
    with pytest.raises(KeyboardInterrupt), plain_interrupts():
        raise_from(KeyboardInterrupt())
    with pytest.raises(SystemError), plain_interrupts():
        raise_from(ValueError())
