"""The company's whole state: one table per kind of thing, everything a number.

Names, addresses and documents are rendered from these numbers; ground truth is read from them.
Times are seconds (``NEVER`` when they don't happen); row numbers of other tables are ``-1`` when
absent.
What will happen to a record is drawn when it is created and becomes visible as time passes.
"""

from dataclasses import dataclass, field, fields
from pathlib import Path

from ingestion.sandbox.company import tables
from ingestion.sandbox.company.tables import Table


def _people() -> Table:
    return Table(
        arrival="int32",
        country="int8",
        city="int8",
        first="int32",
        last="int32",
        birth_year="int16",
        household="int32",
        account="int32",
        seat="int32",
        intensity="float32",
        web_consent="int8",
        web_consent_next="int8",
        web_consent_at="int64",
        has_gpc="bool",
        optin="float32",
        email="int32",
        work_email="int32",
        phone="int32",
        device="int32",
        device2="int32",
        shared_device="int32",
        customer="int32",
        contact="int32",
        visits="int32",
        orders="int32",
        erased_at="int64",
        referred_by="int32",
        first_visit_at="int64",
        first_order_at="int64",
        churn_at="int64",
        old_email="int32",
        old_email_until="int64",
    )


def _devices() -> Table:
    return Table(
        person="int32",
        kind="int8",
        is_shared="bool",
        generation="int32",
        last_end="int64",
        before_last_end="int64",
        seen_generation="int32",
        seen_state="int8",
    )


def _contacts() -> Table:
    return Table(
        person="int32",
        email="int32",
        email_form="int8",
        next_email="int32",
        next_email_at="int64",
        phone="int32",
        phone_form="int8",
        name_form="int8",
        origin="int8",
        created_at="int64",
        lead_at="int64",
        mql_at="int64",
        sql_at="int64",
        opportunity_at="int64",
        customer_at="int64",
        unqualified_at="int64",
        touched_at="int64",
        merge_into="int32",
        merge_at="int64",
        archive_at="int64",
        erase_at="int64",
        subscribe_at="int64",
        confirm_at="int64",
        unsubscribe_at="int64",
        has_post_basis="bool",
    )


def _customers() -> Table:
    return Table(
        person="int32",
        email="int32",
        email_form="int8",
        next_email="int32",
        next_email_at="int64",
        phone="int32",
        created_at="int64",
        email_state="int8",
        email_at="int64",
        email_confirm_at="int64",
        email_unsubscribe_at="int64",
        sms_at="int64",
        sms_unsubscribe_at="int64",
        touched_at="int64",
        erase_at="int64",
    )


def _orders() -> Table:
    return Table(
        person="int32",
        customer="int32",
        email="int32",
        email_form="int8",
        phone="int32",
        ordered_at="int64",
        origin="int8",
        country="int8",
        is_presentment="bool",
        source="int16",
        landing="int16",
        first_line="int32",
        lines="int8",
        subtotal="int64",
        discount="int64",
        shipping="int64",
        tax="int64",
        total="int64",
        is_test="bool",
        paid_at="int64",
        cancel_at="int64",
        ship_at="int64",
        ship2_at="int64",
        promised_at="int64",
        deliver_at="int64",
        refund_at="int64",
        refund_kind="int8",
        refund_amount="int64",
        touched_at="int64",
        location="int8",
    )


@dataclass
class World:
    """All tables of a company."""

    people: Table = field(default_factory=_people)
    devices: Table = field(default_factory=_devices)
    emails: Table = field(
        default_factory=lambda: Table(
            person="int32",
            style="int8",
            domain="int16",
            account="int32",
            next_person="int32",
            next_from="int64",
        )
    )
    phones: Table = field(
        default_factory=lambda: Table(person="int32", country="int8", number="int32")
    )
    accounts: Table = field(
        default_factory=lambda: Table(
            name="int32",
            industry="int8",
            employees="int32",
            country="int8",
            created_at="int64",
            members="int32",
            crm_at="int64",
            touched_at="int64",
        )
    )
    contacts: Table = field(default_factory=_contacts)
    customers: Table = field(default_factory=_customers)
    orders: Table = field(default_factory=_orders)
    lines: Table = field(
        default_factory=lambda: Table(
            order="int32", variant="int16", quantity="int16", price="int64", discount="int64"
        )
    )
    deals: Table = field(
        default_factory=lambda: Table(
            account="int32",
            contact="int32",
            created_at="int64",
            amount="int64",
            country="int8",
            stage1_at="int64",
            stage2_at="int64",
            stage3_at="int64",
            stage4_at="int64",
            closed_at="int64",
            is_won="bool",
            back_at="int64",
            archive_at="int64",
        )
    )
    buyers: Table = field(
        default_factory=lambda: Table(
            deal="int32", contact="int32", role="int8", from_at="int64", until_at="int64"
        )
    )
    inventory: Table = field(
        default_factory=lambda: Table(
            variant="int16", location="int8", available="int32", updated_at="int64"
        )
    )
    banner_acts: Table = field(
        default_factory=lambda: Table(
            person="int32",
            device="int32",
            generation="int32",
            state="int8",
            has_gpc="bool",
            at="int64",
            visit="int64",
        )
    )
    counters: Table = field(default_factory=lambda: Table(value="int64"))

    def tables(self) -> dict[str, Table]:
        """Return all tables by name."""
        return {each.name: getattr(self, each.name) for each in fields(self)}

    def save(self, path: Path) -> None:
        """Write the state to one file."""
        tables.save(path, self.tables())

    @classmethod
    def load(cls, path: Path) -> "World":
        """Read the state back."""
        world = cls()
        tables.load(path, world.tables())
        return world
