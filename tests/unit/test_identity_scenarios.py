"""Scenarios of identity resolution, each a small world with a known answer."""

from tests.unit.identity_world import record, resolve, rule_set, tie


def test_a_chain_of_shared_values_is_one_person():
    world = resolve([record("c1", "e1"), record("c2", "e1", "p1"), record("s1", "p1")])
    assert world.together("c1", "c2", "s1", "e1", "p1")


def test_records_that_share_nothing_stay_apart():
    world = resolve([record("c1", "e1"), record("c2", "e2")])
    assert world.persons == {frozenset({"c1", "e1"}), frozenset({"c2", "e2"})}


def test_many_records_with_one_address_fan_into_one_person():
    world = resolve([record(f"c{n}", "e1") for n in range(6)])
    assert len(world.persons) == 1


def test_a_diamond_is_one_person_and_nothing_is_cut():
    world = resolve([
        record("s1", "e1"), record("s1", "p1", first=1), record("c1", "e1"), record("c1", "p1"),
    ])  # fmt: skip
    assert world.together("s1", "c1", "e1", "p1")
    assert not world.cuts


def test_a_late_merge_by_the_vendor_joins_two_persons():
    apart = [record("c1", "e1"), record("c2", "e2")]
    assert len(resolve(apart).persons) == 2
    assert resolve(apart, ties=[tie("c1", "c2", on=9)]).together("c1", "c2", "e1", "e2")


def test_a_reverse_chain_of_merges_ends_at_one_person():
    ties = [tie("c3", "c2", on=1), tie("c2", "c1", on=2)]
    world = resolve([record("c1", "e1"), record("c2", "e2"), record("c3", "e3")], ties=ties)
    assert world.together("c1", "c2", "c3")


def test_merged_ids_count_as_one_value():
    rules = rule_set(users=1)
    world = resolve([record("u1", "e1"), record("u2", "e2")], rules, [tie("u1", "u2", on=3)])
    assert world.together("u1", "u2", "e1", "e2")


def test_two_logins_that_share_an_address_stay_two_people_and_the_newer_keeps_it():
    world = resolve([record("u1", "e1", first=0, last=5), record("u2", "e1", first=20, last=30)])
    assert not world.together("u1", "u2")
    assert world.together("u2", "e1")
    assert world.cuts == {(frozenset({"u1", "e1"}), "max_values_per_person:user_id")}


def test_an_address_that_changed_owner_was_the_former_owners_before():
    world = resolve([record("u1", "e1", first=0, last=5), record("u2", "e1", first=20, last=30)])
    first, second = world.owners["e1"]
    assert "u1" in first[0]
    assert first[2] == 20
    assert "u2" in second[0]
    assert second[1] == 20


def test_an_address_used_by_two_at_the_same_time_belongs_to_the_latest_only():
    world = resolve([record("u1", "e1", first=0, last=25), record("u2", "e1", first=20, last=30)])
    assert [sorted(owner) for owner, _, _ in world.owners["e1"]] == [["e1", "u2"]]


def test_a_record_that_names_a_value_twice_bridges_nothing():
    world = resolve([record("u1", "e1", "e1"), record("u2", "e2")])
    assert world.persons == {frozenset({"u1", "e1"}), frozenset({"u2", "e2"})}


def test_an_identifier_shared_by_too_many_joins_nobody_and_belongs_to_nobody():
    world = resolve([record(f"c{n}", "e9", f"p{n}") for n in range(8)], rule_set(shared=7))
    assert len(world.persons) == 8
    assert world.nobody == {"e9"}
    assert world.outcome.shared_by.tolist() == [8]


def test_what_a_refused_value_held_together_in_its_record_stays_together():
    records = [record(f"c{n}", "e9") for n in range(8)] + [record("e9", "p1", "o1", name="guest")]
    world = resolve(records, rule_set(shared=7))
    assert world.together("p1", "o1")


def test_a_blocked_value_joins_nobody():
    world = resolve([record("c1", "e1"), record("c2", "e1")], rule_set(blocked=["e1"]))
    assert not world.together("c1", "c2")
    assert world.nobody == {"e1"}


def test_without_the_bridge_the_component_falls_apart():
    ends = [record("c1", "e1"), record("s1", "e2")]
    assert resolve([*ends, record("o1", "e1", "e2")]).together("c1", "s1")
    assert not resolve(ends).together("c1", "s1")


def test_a_denied_pair_is_cut_at_the_weakest_edge_even_through_others():
    records = [record("u1", "e1", last=9), record("c1", "e1", "p1", last=8), record("s1", "p1")]
    world = resolve(records, ties=[tie("u1", "s1", "deny")])
    assert not world.together("u1", "s1")
    assert {reason for _, reason in world.cuts} == {"denied"}
    assert {frozenset({"s1", "p1"})} == {pair for pair, _ in world.cuts}


def test_an_allowed_pair_is_joined_without_other_evidence():
    world = resolve([record("u1", "e1"), record("c1", "p1")], ties=[tie("u1", "c1", "allow")])
    assert world.together("u1", "e1", "c1", "p1")


def test_the_sixth_address_of_a_person_is_cut_off_and_it_is_the_oldest():
    records = [record("u1", f"e{n}", first=n, last=n) for n in range(6)]
    world = resolve(records)
    assert world.cuts == {(frozenset({"u1", "e0"}), "max_values_per_person:email")}
    assert world.together("u1", "e1", "e2", "e3", "e4", "e5")


def test_addresses_far_apart_in_time_are_not_too_many():
    records = [record("u1", f"e{n}", first=100 * n, last=100 * n) for n in range(8)]
    assert not resolve(records, rule_set(window=365)).cuts
    assert resolve(records, rule_set(window=None)).cuts


def test_a_chain_of_families_longer_than_the_cap_is_cut():
    records = [record(f"o{n}", f"p{n}", f"p{n + 1}") for n in range(60)]
    world = resolve(records, rule_set(phones=1000, size=40))
    assert max(len(person) for person in world.persons) <= 40
    assert {reason for _, reason in world.cuts} == {"max_identifiers_per_person"}


def test_a_device_belongs_to_whoever_logged_in_then():
    world = resolve([
        record("u1", "d1", first=1, name="v1"), record("u2", "d1", first=5, name="v2"),
        record("u1", "d1", first=9, name="v3"),
    ])  # fmt: skip
    assert not world.together("u1", "u2")
    owners = [(sorted(owner)[0], start, end) for owner, start, end in world.owners["d1"]]
    assert [who for who, _, _ in owners] == ["u1", "u2", "u1"]
    assert [end for _, _, end in owners][:2] == [5, 9]


def test_a_device_with_one_owner_is_theirs_for_all_time():
    world = resolve([record("u1", "d1", first=1, name="v1"), record("u1", "d1", first=7, name="v")])
    assert len(world.owners["d1"]) == 1


def test_a_device_nobody_logged_in_on_is_a_person_of_its_own():
    assert frozenset({"d1"}) in resolve([record("d1"), record("u1", "e1")]).persons


def test_a_guest_order_on_a_device_ties_the_device_to_the_buyer():
    world = resolve([record("o1", "d1", source="matomo"), record("e1", "p1", "o1")])
    assert [sorted(owner) for owner, _, _ in world.owners["d1"]] == [["e1", "o1", "p1"]]


def test_a_kiosk_belongs_to_nobody():
    visits = [record(f"u{n}", "d1", first=n, name=f"v{n}") for n in range(8)]
    assert world_nobody(visits) == {"d1"}


def world_nobody(records):
    return resolve(records, rule_set(shared=7)).nobody


def test_the_least_recently_used_device_beyond_the_limit_stands_alone():
    visits = [record("u1", f"d{n}", first=n, name=f"v{n}") for n in range(4)]
    world = resolve(visits, rule_set(devices=3))
    assert frozenset({"d0"}) in world.persons
    assert world.cuts == {(frozenset({"u1", "d0"}), "max_values_per_person:anonymous_id")}


def test_a_denied_device_is_not_given_to_that_person():
    world = resolve([record("u1", "d1")], ties=[tie("u1", "d1", "deny")])
    assert frozenset({"d1"}) in world.persons


def test_a_number_does_not_join_two_who_each_have_an_address_when_it_yields():
    household = [record("c1", "e1", "p1", last=3), record("s1", "e2", "p1", last=8)]
    assert resolve(household).together("c1", "s1")
    world = resolve(household, rule_set(yields="email"))
    assert not world.together("c1", "s1")
    assert world.together("s1", "p1")
    assert world.cuts == {(frozenset({"c1", "p1"}), "yields_to:email")}


def test_a_number_that_yields_still_joins_whom_no_address_contradicts():
    records = [record("c1", "p1"), record("s1", "e2", "p1"), record("o1", "p1")]
    assert resolve(records, rule_set(yields="email")).together("c1", "s1", "o1")


def test_two_addresses_that_a_login_joined_are_no_contradiction():
    records = [record("u1", "e1", "p1"), record("u1", "e2", first=3), record("c1", "e2", "p1")]
    world = resolve(records, rule_set(yields="email"))
    assert world.together("u1", "e1", "e2", "p1", "c1")
    assert not world.cuts
