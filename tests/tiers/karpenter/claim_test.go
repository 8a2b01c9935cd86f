package karpenter

import (
	"testing"
	"time"

	karpv1 "sigs.k8s.io/karpenter/pkg/apis/v1"
)

// TestAPodWithTheJarClaimRunsOnlyWhereTheStartUpTaintsAreGone, and waiting for that costs no
// second node.
func TestAPodWithTheJarClaimRunsOnlyWhereTheStartUpTaintsAreGone(t *testing.T) {
	for _, team := range stack.Teams {
		t.Run(team.Namespace, func(t *testing.T) {
			c := newCluster(t, usual)
			pod := c.create(team.Executor, 1)[0]
			claim, _ := c.launchOne()
			node := c.join(claim)
			if gated := len(claim.Spec.StartupTaints) > 0; gated != stack.Gated {
				t.Fatalf("start-up taints: %v", claim.Spec.StartupTaints)
			}
			if !stack.Gated {
				c.bound(pod) // the node mounts its JARs before it joins
				return
			}
			time.Sleep(3 * time.Second) // the real scheduler had its chance
			c.refresh(pod)
			if pod.Spec.NodeName != "" {
				t.Errorf("bound to a node with the taints %v", node.Spec.Taints)
			}
			if claim.StatusConditions().IsTrue(karpv1.ConditionTypeInitialized) {
				t.Error("Karpenter counts the node as ready for pods")
			}
			if more := c.provision(); len(more) > 0 {
				t.Errorf("a second node is launched meanwhile: %s", rungOf(more[0]))
			}
			c.mountJars(claim, node)
			c.bound(pod)
			if pod.Spec.NodeName != node.Name {
				t.Errorf("bound to %s instead of %s", pod.Spec.NodeName, node.Name)
			}
			if !claim.StatusConditions().IsTrue(karpv1.ConditionTypeInitialized) {
				t.Error("Karpenter still waits for the node")
			}
		})
	}
}
