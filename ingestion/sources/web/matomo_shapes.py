"""Matomo's visits and actions as the guard expects them.

Names are those of `Live.getLastVisitsDetails` (https://developer.matomo.org/api-reference/reporting-api).
The columns themselves are computed in `ingestion.sources.web.matomo_events`.
"""

from ingestion.guard.shapes import Derived, Field, Shape, Values

SOURCE = "raw_matomo"


def _computed(column: str, kind: str) -> Derived:
    """A column that the vectorised path fills; a shape needs only its name and kind."""

    def nothing(_: Values) -> None:
        return None

    return Derived(column, kind, nothing)


_VISIT_COLUMNS = {
    "subject_key": "id",
    "user_key": "id",
    "site_date": "date",
    "started_at": "timestamp",
    "ended_at": "timestamp",
    "duration_seconds": "bigint",
    "action_count": "bigint",
    "referrer_type": "text",
    "referrer_name": "text",
    "referrer_host": "text",
    "campaign_name": "text",
    "campaign_source": "text",
    "campaign_medium": "text",
    "campaign_content": "text",
    "campaign_term": "text",
    "click_id_type": "text",
    "landing_page_path": "text",
    "device_type": "text",
    "browser_name": "text",
    "os_name": "text",
    "country_code": "text",
    "language_code": "text",
    "is_bot": "bool",
    "analytics_consent": "text",
    "ads_consent": "text",
    "ad_storage": "text",
    "ad_user_data": "text",
    "ad_personalization": "text",
    "has_gpc": "bool",
    "observed_at": "timestamp",
    "extra": "json",
}
_ACTION_COLUMNS = {
    "subject_key": "id",
    "user_key": "id",
    "occurred_at": "timestamp",
    "action_type": "text",
    "page_path": "text",
    "page_title": "text",
    "event_category": "text",
    "event_action": "text",
    "event_name": "text",
    "search_keyword": "text",
    "order_id": "text",
    "order_key": "id",
    "revenue_amount": "decimal",
}

VISITS = Shape(
    source=SOURCE,
    resource="visits",
    key=("visit_id",),
    dedup="observed_at",
    deletable=True,
    fields=(Field("visit_id", "idVisit", "id", required=True),),
    derived=tuple(_computed(name, kind) for name, kind in _VISIT_COLUMNS.items()),
)
ACTIONS = Shape(
    source=SOURCE,
    resource="actions",
    key=("visit_id", "action_position"),
    dedup="occurred_at",
    deletable=True,
    fields=(Field("visit_id", "idVisit", "id", required=True),),
    derived=(
        _computed("action_position", "bigint"),
        *(_computed(name, kind) for name, kind in _ACTION_COLUMNS.items()),
    ),
)
UNCONSENTED_DAILY = Shape(
    source=SOURCE,
    resource="unconsented_daily",
    key=("activity_date", "page_group", "country_code", "source_class"),
    merge_key="activity_date",
    fields=(
        Field("activity_date", "activity_date", "date", required=True),
        Field("page_group", "page_group", required=True),
        Field("country_code", "country_code", required=True),
        Field("source_class", "source_class", required=True),
        Field("visit_count", "visit_count", "bigint"),
        Field("action_count", "action_count", "bigint"),
    ),
)
SHAPES = (VISITS, ACTIONS, UNCONSENTED_DAILY)

# What is read of a visit and an action, and as which kind; the rest is known or a misfit.
VISIT_KINDS = {
    "idVisit": "id",
    "visitorId": "text",
    "userId": "text",
    "firstActionTimestamp": "bigint",
    "lastActionTimestamp": "bigint",
    "serverTimestamp": "bigint",
    "visitDuration": "bigint",
    "referrerType": "text",
    "referrerName": "text",
    "referrerUrl": "text",
    "campaignName": "text",
    "campaignSource": "text",
    "campaignMedium": "text",
    "campaignContent": "text",
    "campaignKeyword": "text",
    "deviceType": "text",
    "browserName": "text",
    "operatingSystemName": "text",
    "countryCode": "text",
    "languageCode": "text",
}
VISIT_REQUIRED = frozenset({"idVisit", "visitorId", "firstActionTimestamp", "lastActionTimestamp"})
ACTION_KINDS = {
    "type": "text",
    "timestamp": "bigint",
    "url": "text",
    "pageTitle": "text",
    "eventCategory": "text",
    "eventAction": "text",
    "eventName": "text",
    "siteSearchKeyword": "text",
    "orderId": "id",
    "revenue": "decimal",
}
ACTION_REQUIRED = frozenset({"type", "timestamp"})

# Members Matomo 5 sends that no column needs: display texts, icons, and what identifies.
_VISIT_KNOWN = """
    idSite visitIp fingerprint actionDetails goalConversions siteCurrency siteCurrencySymbol
    siteName serverDate serverDatePretty serverTimePretty serverDatePrettyFirstAction
    serverTimePrettyFirstAction serverTimestamp visitLocalTime visitLocalHour visitServerHour
    visitDurationPretty searches actions interactions visitorType visitorTypeIcon visitConverted
    visitConvertedIcon visitCount visitEcommerceStatus visitEcommerceStatusIcon
    daysSinceFirstVisit secondsSinceFirstVisit daysSinceLastVisit secondsSinceLastVisit
    daysSinceLastEcommerceOrder secondsSinceLastEcommerceOrder totalEcommerceRevenue
    totalEcommerceConversions totalEcommerceItems totalAbandonedCarts totalAbandonedCartsRevenue
    totalAbandonedCartsItems events referrerTypeName referrerKeyword referrerKeywordPosition
    referrerSearchEngineUrl referrerSearchEngineIcon referrerSocialNetworkUrl
    referrerSocialNetworkIcon campaignId campaignGroup campaignPlacement languageCode language
    deviceTypeIcon deviceBrand deviceModel operatingSystem operatingSystemIcon
    operatingSystemCode operatingSystemVersion browser browserFamily browserFamilyDescription
    browserIcon browserCode browserVersion plugins pluginsIcons continent continentCode country
    countryFlag region regionCode city location latitude longitude resolution crmsource
    lastActionDateTime userIdHash visitServerTime experiments formConversions sessionReplayUrl
"""
VISIT_KNOWN = frozenset(_VISIT_KNOWN.split())
