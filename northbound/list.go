// SPDX-License-Identifier: Apache-2.0

package northbound

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/s2cd/s2cd/northbound/api"
	"github.com/s2cd/s2cd/order"
	"github.com/s2cd/s2cd/session"
)

// listFilter reads what a list is to hold.
func listFilter(params api.ListSessionsParams) order.ListFilter {
	f := order.ListFilter{
		Name: value(params.Name), Page: int(valueOr(params.Page, 1)), PerPage: int(valueOr(params.PerPage, 20)),
		Created: order.Span{From: value(params.CreatedAtGte), Until: value(params.CreatedAtLte)},
		Starts:  order.Span{From: value(params.StartTimeGte), Until: value(params.StartTimeLte)},
		Sort:    order.SortKey(valueOr(params.OrderBy, api.ListSessionsParamsOrderByCreatedAt)),
		Upward:  valueOr(params.Order, api.ListSessionsParamsOrderDesc) == api.ListSessionsParamsOrderAsc,
	}
	for _, status := range value(params.Status) {
		f.Statuses = append(f.Statuses, session.Status(status))
	}
	for _, sla := range value(params.Sla) {
		f.Levels = append(f.Levels, session.LevelName(sla))
	}
	return f
}

// paginate says where in a list a page is, in the headers of the answer too.
func paginate(w http.ResponseWriter, r *http.Request, page, perPage, total int) api.Pagination {
	pages := (total + perPage - 1) / perPage
	w.Header().Set("X-Total-Count", strconv.Itoa(total))
	w.Header().Set("X-Total-Pages", strconv.Itoa(pages))
	if l := pageLinks(r.URL, page, pages); l != "" {
		w.Header().Set("Link", l)
	}
	return api.Pagination{Page: int32(page), PerPage: int32(perPage), TotalCount: int32(total), TotalPages: int32(pages)} //nolint:gosec // bounded
}

// pageLinks renders the Link header (RFC 8288), filters kept.
func pageLinks(u *url.URL, page, pages int) string {
	var links []string
	add := func(rel string, to int) {
		q := u.Query()
		q.Set("page", strconv.Itoa(to))
		links = append(links, "<"+u.Path+"?"+q.Encode()+`>; rel="`+rel+`"`)
	}
	if pages > 0 {
		add("first", 1)
	}
	if page > 1 && page <= pages {
		add("prev", page-1)
	}
	if page < pages {
		add("next", page+1)
	}
	if pages > 0 {
		add("last", pages)
	}
	return strings.Join(links, ", ")
}
