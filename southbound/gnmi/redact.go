// SPDX-License-Identifier: Apache-2.0

package gnmi

import (
	"bytes"
	"encoding/json"
	"regexp"
	"slices"
	"strconv"
	"strings"

	gpb "github.com/openconfig/gnmi/proto/gnmi"
)

// secretLeaf names the leaves whose values never appear in errors and logs.
var secretLeaf = regexp.MustCompile(`(?i)(password|secret|private-key|preshared-key|auth-key)`)

// secretMember finds such a leaf with its value in quoted JSON.
var secretMember = regexp.MustCompile(`(?i)("[^"]*(?:password|secret|private-key|preshared-key|auth-key)\\?"\s*:\s*\\?")(?:[^"\\]|\\[^"])*`)

// redact takes secrets out of a message, the longest form first.
func redact(message string, secrets []string) string {
	var forms []string
	for _, s := range secrets {
		forms = append(forms, quoted(s)...)
	}
	slices.SortFunc(forms, func(a, b string) int { return len(b) - len(a) })
	for _, s := range forms {
		message = strings.ReplaceAll(message, s, "***")
	}
	return secretMember.ReplaceAllString(message, "$1***")
}

// quoted returns the forms in which a server may quote a secret: as it is, as in
// the body, and each of these quoted once more.
func quoted(secret string) []string {
	forms := []string{secret}
	if body, err := json.Marshal(secret); err == nil {
		forms = append(forms, string(body[1:len(body)-1]))
	}
	for _, s := range slices.Clone(forms) {
		q := strconv.Quote(s)
		forms = append(forms, q[1:len(q)-1])
	}
	return forms
}

// secretsIn returns the values of secret leaves in req.
func secretsIn(req *gpb.SetRequest) []string {
	var secrets []string
	for _, u := range append(req.GetReplace(), req.GetUpdate()...) {
		body := u.GetVal().GetJsonIetfVal()
		if !secretLeaf.Match(body) && !secretLeafPath(u.GetPath()) {
			continue
		}
		var v any
		if json.NewDecoder(bytes.NewReader(body)).Decode(&v) == nil {
			secrets = collectSecrets(secrets, v, secretLeafPath(u.GetPath()))
		}
	}
	return secrets
}

func secretLeafPath(p *gpb.Path) bool {
	elems := p.GetElem()
	return len(elems) > 0 && secretLeaf.MatchString(elems[len(elems)-1].GetName())
}

func collectSecrets(secrets []string, v any, secret bool) []string {
	switch v := v.(type) {
	case map[string]any:
		for name, member := range v {
			secrets = collectSecrets(secrets, member, secretLeaf.MatchString(name))
		}
	case []any:
		for _, member := range v {
			secrets = collectSecrets(secrets, member, secret)
		}
	case string:
		if secret && v != "" {
			secrets = append(secrets, v)
		}
	}
	return secrets
}
