// SPDX-License-Identifier: Apache-2.0

package client_test

import (
	"io"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/s2cd/s2cd/northbound/api"
	"github.com/s2cd/s2cd/northbound/client"
)

func TestChangesAreMergePatches(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		change client.Change
		want   string
	}{
		{client.Change{UpdateSession: api.UpdateSession{GuaranteedBandwidth: new(api.Bandwidth(200))}}, `{"guaranteedBandwidth":200}`},
		{client.Change{UpdateSession: api.UpdateSession{Name: new("other"), Sla: new(api.AA)}}, `{"name":"other","sla":"AA"}`},
		{client.Change{RemoveName: true, UpdateSession: api.UpdateSession{Name: new("other"), Sla: new(api.AA)}}, `{"sla":"AA","name":null}`},
	} {
		w := &wire{replies: []reply{answer(202, `{"status":"ACTIVATED","phase":"MODIFYING"}`, "ETag", `"8"`)}}
		s, err := over(t, w).ModifySession(t.Context(), uuid.MustParse(known), tt.change, client.WithIfMatch(`"7"`))
		if err != nil {
			t.Fatal(err)
		}
		r := w.asked[0]
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Fatal(err)
		}
		got := []string{r.Method, r.URL.Path, r.Header.Get("Content-Type"), r.Header.Get("If-Match"), string(body), s.ETag}
		want := []string{"PATCH", "/site-to-cloud-vpn/v0.1/sessions/" + known, "application/merge-patch+json", `"7"`, tt.want, `"8"`}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
		if client.Settled(s) {
			t.Error("a session that is being changed counts as settled")
		}
	}
}
