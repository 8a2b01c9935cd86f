package karpenter

import (
	"slices"
	"testing"

	"github.com/samber/lo"
)

// prices are spot prices as parts of the on-demand price.
type prices struct{ arm, amd float64 }

// The order of the ladder must not depend on prices. Graviton is about 20 % below x86 on demand.
var scenarios = map[string]prices{
	"arm spot is cheaper":     {arm: 0.40, amd: 0.40},
	"x86 spot is in a trough": {arm: 0.60, amd: 0.25},
}

var usual = scenarios["arm spot is cheaper"]

// TestExecutorsClimbTheLadder: the pools that take a team's executors, rung after rung as EC2 runs
// dry, are its own four in the promised order; then the pods stay pending.
func TestExecutorsClimbTheLadder(t *testing.T) {
	for _, team := range lo.UniqBy(stack.Teams, func(one team) string { return one.Pool }) {
		for name, spot := range scenarios {
			t.Run(team.Pool+"/"+name, func(t *testing.T) {
				c := newCluster(t, spot)
				c.create(team.Executor, 3)
				if got := c.climb(); !slices.Equal(got, team.Ladder) {
					t.Errorf("the ladder is\n  %v, promised is\n  %v", got, team.Ladder)
				}
			})
		}
	}
}

// TestDriversGetTheirOwnPoolOnly: on demand, and no other pool takes over when it runs dry.
func TestDriversGetTheirOwnPoolOnly(t *testing.T) {
	for _, team := range lo.UniqBy(stack.Teams, func(one team) string { return one.Drivers }) {
		t.Run(team.Drivers, func(t *testing.T) {
			c := newCluster(t, usual)
			c.create(team.Driver, 1)
			got := c.climb()
			want := []rung{{team.Drivers, "arm64", "on-demand"}, {team.Drivers, "amd64", "on-demand"}}
			if !slices.Equal(got, want) {
				t.Errorf("drivers got %v, promised is %v", got, want)
			}
		})
	}
}

// TestAPodWithoutTolerationsGetsNoNode: nothing of Spark's is launched for it.
func TestAPodWithoutTolerationsGetsNoNode(t *testing.T) {
	c := newCluster(t, usual)
	c.create(stack.Teams[0].Stranger, 1)
	if got := c.climb(); len(got) > 0 {
		t.Errorf("a pod that tolerates nothing got %v", got)
	}
	if c.pending == "" {
		t.Error("Karpenter did not look at the pod")
	}
}
