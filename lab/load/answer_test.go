// SPDX-License-Identifier: Apache-2.0

package load

import (
	"bufio"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestReadAnswer(t *testing.T) {
	t.Parallel()
	const next = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
	for name, c := range map[string]struct {
		in   string
		want answer
		bad  string // part of the error; empty: none
	}{
		"wanted":      {in: "HTTP/1.1 201 Created\r\nLocation: /a/b\r\ncontent-length: 3\r\n\r\n{ }", want: answer{status: 201, location: "/a/b"}},
		"not wanted":  {in: "HTTP/1.1 404 Not Found\r\nContent-Length: 3\r\n\r\nabc", want: answer{status: 404, body: []byte("abc")}},
		"no length":   {in: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", bad: "how long"},
		"bad length":  {in: "HTTP/1.1 200 OK\r\nContent-Length: -3\r\n\r\n", bad: "Content-Length: -3"},
		"no status":   {in: "HTTP/1.1 x\r\n\r\n", bad: "status line"},
		"other words": {in: "HTTP/1.1 two hundred\r\n\r\n", bad: "status line"},
		"cut head":    {in: "HTTP/1.1 200 OK\r\nContent-", bad: "head"},
		"cut body":    {in: "HTTP/1.1 404 Not Found\r\nContent-Length: 300\r\n\r\nabc", bad: "body"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if c.bad != "" {
				_, err := readAnswer(bufio.NewReader(strings.NewReader(c.in)), 201)
				if err == nil || !strings.Contains(err.Error(), c.bad) {
					t.Fatalf("error %v, want one with %q", err, c.bad)
				}
				return
			}
			in := bufio.NewReader(strings.NewReader(c.in + next))
			got, err := readAnswer(in, 201)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, got, cmp.AllowUnexported(answer{})); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			if got, err = readAnswer(in, 200); err != nil || got.status != 200 {
				t.Errorf("the answer after it: %+v, error %v", got, err)
			}
		})
	}
}
