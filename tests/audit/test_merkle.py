import hashlib

from hypothesis import given
from hypothesis import strategies as st

from app.audit.merkle import Root, Tree, leaf, node, root_of

LEAVES = st.lists(st.binary(max_size=8), max_size=40)


def by_definition(leaves):
    """RFC 9162, 2.1.1, word for word."""
    if not leaves:
        return hashlib.sha256().digest()
    if len(leaves) == 1:
        return leaf(leaves[0])
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return node(by_definition(leaves[:split]), by_definition(leaves[split:]))


@given(LEAVES)
def test_both_ways_to_the_root_are_the_one_of_the_standard(leaves):
    root = Root()
    for data in leaves:
        root.add(data)
    assert (root.value(), root.count) == (by_definition(leaves), len(leaves))
    assert (Tree(leaves).root, Tree(leaves).size) == (root.value(), len(leaves))


@given(LEAVES.filter(bool), st.data())
def test_a_path_proves_its_leaf_and_no_other(leaves, data):
    tree = Tree(leaves)
    index = data.draw(st.integers(0, len(leaves) - 1))
    path = tree.path(index)
    assert root_of(leaves[index], index, len(leaves), path) == tree.root
    assert root_of(leaves[index] + b"!", index, len(leaves), path) != tree.root
    assert root_of(leaves[index], index, len(leaves), [*path, b"\0" * 32]) is None
    if path:
        assert root_of(leaves[index], index, len(leaves), path[:-1]) is None
        changed = data.draw(st.integers(0, len(path) - 1))
        path[changed] = bytes([path[changed][0] ^ 1]) + path[changed][1:]
        assert root_of(leaves[index], index, len(leaves), path) != tree.root


def test_a_node_is_never_taken_for_a_leaf():
    left, right = leaf(b"a"), leaf(b"b")
    assert leaf(left + right) != node(left, right)
