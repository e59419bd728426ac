with

cut_edges as (

    select * from {{ source('identity', 'cut_edges') }}

),

named as (

    select
        {{ surrogate_key(['left_key', 'right_key', 'reason']) }} as cut_edge_id,
        left_type,
        substr(left_key, 1, 12) as left_reference,
        right_type,
        substr(right_key, 1, 12) as right_reference,
        reason,
        cast(shared_by as int) as shared_by,
        last_seen as last_seen_at,
        recorded_at

    from cut_edges

)

select * from named
