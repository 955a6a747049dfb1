"""What befalls a file on its way: bytes lost, flipped, moved; values of JSON or YAML that are not what they should."""

import copy
import gzip
import json

import yaml

ODD = [
    None, True, False, 0, -1, 1, 7.0, 0.5, -0.0, 1e300, 10**30, -(2**63), 2**63, 2**31, 4294967296, float("nan"),
    float("inf"), "", "0", "1", "x", "\x00", "../../x", "a\nb", "é" * 300, "1e999", "os:system", [], {}, [[]], [None],
    {"a": 1}, [[0, 0, 1e9, 0, 1e9, 1e9]], {"size": [40, 48], "counts": "P0"}, {"size": [10**9] * 2, "counts": [0, 1]},
]  # fmt: skip


def mutated_bytes(data, rng):
    """Return bytes with one to four changes: flips, cuts, repeats, insertions, and numbers of headers written over."""
    data = bytearray(data)
    for _ in range(rng.choice((1, 1, 2, 4))):
        if not data:
            break
        at = rng.randrange(min(len(data), 512) if rng.random() < 0.5 else len(data))  # headers are hit more often
        length = rng.choice((1, 2, 4, 8, 64))
        kind = rng.randrange(8)
        if kind == 0:
            data[at] ^= 1 << rng.randrange(8)
        elif kind == 1:
            data[at : at + length] = rng.randbytes(length)
        elif kind == 2:
            del data[at:]
        elif kind == 3:
            del data[at : at + length]
        elif kind == 4:
            data[at:at] = rng.randbytes(length)
        elif kind == 5:
            data[at:at] = data[at : at + length] * rng.choice((1, 100))
        elif kind == 6:
            data[at : at + 4] = rng.choice((b"\xff" * 4, b"\0" * 4, b"\x7f\xff\xff\xff", b"\xff\xff\xff\x7f"))
        else:
            data += rng.choice((bytes(data), b"]", b"\0", rng.randbytes(length)))
    return bytes(data)


def _places(value, path=()):
    """Return the paths of all values within a nested one, its own left out."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [place for key, one in inner for place in ((*path, key), *_places(one, (*path, key)))]


def mutated_value(value, rng):
    """Return a nested value with one or two changes: values replaced, taken out, repeated, renamed, wrapped, moved."""
    value = copy.deepcopy(value)
    for _ in range(rng.choice((1, 1, 2))):
        places = _places(value)
        if not places:
            return rng.choice(ODD)
        *parents, last = rng.choice(places)
        holder = value
        for key in parents:
            holder = holder[key]
        kind = rng.randrange(7)
        if kind <= 2:
            holder[last] = copy.deepcopy(rng.choice(ODD))
        elif kind == 3:
            del holder[last]
        elif kind == 4 and isinstance(holder, list):
            holder.insert(last, copy.deepcopy(holder[last]))
        elif kind == 4:
            holder[f"{last}{rng.choice(('', '_', ' '))}x"] = holder.pop(last)
        elif kind == 5:
            holder[last] = rng.choice(([holder[last]], {"x": holder[last]}, str(holder[last])))
        else:
            other = value
            for key in rng.choice(places):
                other = other[key]
            holder[last] = copy.deepcopy(other)
    return value


def mutated_json(data, rng):
    """Return a JSON text whose values are changed, or one time in four its bytes, or one that is nested deep."""
    chance = rng.random()
    if chance < 0.2:
        return mutated_bytes(data, rng)
    if chance < 0.25:
        deep = rng.choice((100, 900, 5000, 100_000))
        nested = b"[" * deep + b"]" * deep, b'{"a":' * deep + b"1" + b"}" * deep
        return rng.choice((*nested, data + data, b"[1e999]", b""))
    return json.dumps(mutated_value(json.loads(data), rng)).encode()


def mutated_gzip(data, rng):
    """Return compressed JSON that is changed before it is compressed, or, one time in four, after."""
    if rng.random() < 0.25:
        return mutated_bytes(data, rng)
    return gzip.compress(mutated_json(gzip.decompress(data), rng))


def mutated_yaml(data, rng):
    """Return a YAML text whose values are changed, or, one time in four, its bytes."""
    if rng.random() < 0.25:
        return mutated_bytes(data, rng)
    return yaml.safe_dump(mutated_value(yaml.safe_load(data), rng), allow_unicode=True).encode()
