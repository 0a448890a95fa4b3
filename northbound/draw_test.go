// SPDX-License-Identifier: Apache-2.0

package northbound

import (
	"slices"
	"strings"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"pgregory.net/rapid"
)

// drawer draws values that a schema allows. Where the network of the test knows
// some, it often takes one of them, to get past what only looks names up.
type drawer struct {
	now    time.Time
	offers []string // ids that were given
}

// known are values that mean something on testnet's network, by property.
func (d drawer) known(name string) []any {
	end := func(id, prefix string) any { return map[string]any{"id": id, "staticPrefixes": []any{prefix}} }
	cloud := func(id, prefix string) any {
		return map[string]any{"id": id, "staticPrefixes": []any{prefix}, "wireguard": map[string]any{"publicKey": testKey}}
	}
	moment := func(in time.Duration) any { return d.now.Add(in).Format(time.RFC3339) }
	all := map[string][]any{
		"accessPoint":                {end("site1", "10.1.0.0/24"), end("site2", "10.2.0.0/24"), end("site3", "10.3.0.0/24"), end("site4", "10.4.0.0/24")},
		"endPoint":                   {cloud("cloud1", "10.11.0.0/24"), cloud("cloud2", "10.12.0.0/24"), end("site4", "10.4.0.0/24")},
		"id":                         {"site1", "site2", "cloud1", "cloud2"},
		"primaryIpAddress":           {"10.255.1.2", "203.0.113.1"},
		"guaranteedBandwidth":        {1, 10, 90},
		"guaranteedReverseBandwidth": {1, 10},
		"duration":                   {1, 3600, 86400},
		"startTime":                  {moment(time.Hour), moment(48 * time.Hour)},
		"sla":                        {"A"},
		"staticPrefixes":             {[]any{"10.1.0.0/24"}, []any{"10.2.0.0/24", "10.3.0.0/24"}, []any{"2001:db8::/64"}},
		"isProtected":                {false},
		"hold":                       {true, false},
		"routingProtocol":            {"STATIC"},
		"wireguard":                  {map[string]any{"publicKey": testKey}},
		"sink":                       {"https://customer.example.com/events"},
		"accessTokenExpiresUtc":      {moment(time.Hour)},
	}
	out := all[name]
	if name == "offerId" {
		for _, id := range d.offers {
			out = append(out, id)
		}
	}
	return out
}

// value draws a value for the property of that name.
func (d drawer) value(t *rapid.T, s *openapi3.Schema, name string) any {
	if known := d.known(name); len(known) > 0 && rapid.IntRange(0, 4).Draw(t, "known "+name) > 0 {
		return rapid.SampledFrom(known).Draw(t, name)
	}
	switch {
	case len(s.Enum) > 0:
		return rapid.SampledFrom(s.Enum).Draw(t, name)
	case len(s.OneOf) > 0:
		return d.value(t, rapid.SampledFrom(s.OneOf).Draw(t, name).Value, name)
	case len(s.AllOf) > 0:
		merged := map[string]any{}
		for _, part := range s.AllOf {
			if v, ok := d.value(t, part.Value, name).(map[string]any); ok {
				for k, v := range v {
					merged[k] = v
				}
			}
		}
		return merged
	case s.Type.Is("object"):
		return d.object(t, s)
	case s.Type.Is("array"):
		most := 3
		if s.MaxItems != nil {
			most = min(most, int(*s.MaxItems))
		}
		var list []any
		for range rapid.IntRange(min(1, most), most).Draw(t, name+" items") {
			list = append(list, d.value(t, s.Items.Value, name+" item"))
		}
		return append([]any{}, list...)
	case s.Type.Is("boolean"):
		return rapid.Bool().Draw(t, name)
	case s.Type.Is("integer"):
		return rapid.Int64Range(int64(*s.Min), int64(*s.Max)).Draw(t, name)
	case s.Type.Is("number"):
		return rapid.Float64Range(*s.Min, *s.Max).Draw(t, name)
	}
	return text(t, s, name)
}

// object draws all that is required and some of the rest.
func (d drawer) object(t *rapid.T, s *openapi3.Schema) map[string]any {
	out := map[string]any{}
	names := make([]string, 0, len(s.Properties))
	for name := range s.Properties {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		p := s.Properties[name].Value
		if p.ReadOnly || (!slices.Contains(s.Required, name) && rapid.IntRange(0, 2).Draw(t, "has "+name) > 0) {
			continue
		}
		out[name] = d.value(t, p, name)
	}
	if _, named := out["id"]; named && s.Properties["primaryIpAddress"] != nil && rapid.IntRange(0, 9).Draw(t, "one name") > 0 {
		for _, other := range []string{"type", "primaryIpAddress", "secondaryIpAddress", "secondaryWireguard"} {
			delete(out, other)
		}
	}
	return out
}

func text(t *rapid.T, s *openapi3.Schema, name string) string {
	switch {
	case s.Format == "date-time":
		// RFC 3339 has years of four digits, and offsets.
		at := time.Unix(rapid.Int64Range(-62135596800, 253402300799).Draw(t, name), 0).UTC()
		zone := rapid.SampledFrom([]string{"Z", "+14:00", "-00:01"}).Draw(t, name+" zone")
		return at.Format("2006-01-02T15:04:05") + zone
	case s.Pattern != "" && !strings.HasPrefix(s.Pattern, "^https"):
		v := rapid.StringMatching(s.Pattern).Draw(t, name)
		if s.MaxLength != nil && uint64(len([]rune(v))) > *s.MaxLength {
			v = string([]rune(v)[:*s.MaxLength])
		}
		return v
	case s.Format == "uri":
		return "https://" + rapid.StringMatching(`[a-z0-9.:@\[\]%#?/-]{1,40}`).Draw(t, name)
	}
	most := 64
	if s.MaxLength != nil {
		most = int(min(uint64(most), *s.MaxLength))
	}
	return rapid.StringN(int(s.MinLength), most, -1).Draw(t, name)
}
