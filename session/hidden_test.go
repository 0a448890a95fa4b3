// SPDX-License-Identifier: Apache-2.0

package session_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/s2cd/s2cd/session"
)

// TestHidden prints a secret, alone and within, in all ways there are.
func TestHidden(t *testing.T) {
	t.Parallel()
	const secret = "hush-hush"
	type holder struct{ Password session.Hidden }
	var out bytes.Buffer
	for _, v := range []any{session.Hidden(secret), holder{secret}, &holder{secret}, []holder{{secret}}} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
			fmt.Fprintf(&out, verb+"\n", v)
		}
		body, err := json.Marshal(v)
		if err != nil {
			t.Error(err)
		}
		out.Write(body)
		slog.New(slog.NewTextHandler(&out, nil)).Info("m", "v", v)
		slog.New(slog.NewJSONHandler(&out, nil)).Info("m", "v", v)
	}
	if text := out.String(); strings.Contains(text, secret) || strings.Contains(text, fmt.Sprintf("%x", secret)) || !strings.Contains(text, "***") {
		t.Errorf("printed:\n%s", text)
	}
}
