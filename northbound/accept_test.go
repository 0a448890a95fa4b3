// SPDX-License-Identifier: Apache-2.0

package northbound

import (
	"net/http"
	"testing"
)

func TestAccept(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]bool{
		"": true, " ": true, "application/json": true, "Application/JSON ; q=1": true, "text/html, */*;q=0.1": true,
		"application/json;charset=utf-8": true, "application/*;q=0, application/json": true,
		"application/json;q=0": false, "application/json;q=0.000, */*": false, "application/xml": false, "text/html;q=x": false, "json": false, "application/json;q=0,5": false,
		"application/json;q=high": true, "application/json;q=": true, "application/json;q": true, "application/json;q=-1": true,
		"application/json;q=1;q=0": true, "application/json;;": true, "application/json; q = 1": true,
		"*/*;q=much, text/html": true, "text/html;q=1, application/*;q=1.2.3": true, "application/*;q=0, application/json;q=?": true,
	} {
		if got := checkAccept(http.Header{"Accept": {value}}) == nil; got != want {
			t.Errorf("Accept: %s is taken: %t, want %t", value, got, want)
		}
	}
}
