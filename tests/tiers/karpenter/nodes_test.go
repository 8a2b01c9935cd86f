package karpenter

import (
	"slices"
	"testing"
	"time"

	"github.com/samber/lo"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	karpv1 "sigs.k8s.io/karpenter/pkg/apis/v1"
	coretest "sigs.k8s.io/karpenter/pkg/test"
)

// TestAPodWithTheJarClaimRunsOnlyWhereTheStartUpTaintsAreGone, and waiting for that costs no
// second node.
func TestAPodWithTheJarClaimRunsOnlyWhereTheStartUpTaintsAreGone(t *testing.T) {
	for _, team := range stack.Teams {
		t.Run(team.Namespace, func(t *testing.T) {
			c := newCluster(t, usual)
			pod := c.create(team.Executor, 1)[0]
			claim := c.launchOne()
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
				t.Errorf("a second node is launched meanwhile: %s", nodePoolOf(more[0]))
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

// join stands for the kubelet of a launched instance: its node comes up, ready, with the taints
// that it starts with, and Karpenter registers it.
func (c *cluster) join(claim *karpv1.NodeClaim) *corev1.Node {
	node := coretest.NodeClaimLinkedNode(claim)
	node.Name, node.Namespace = claim.Name, ""
	node.Labels[corev1.LabelHostname] = claim.Name
	status := node.Status
	c.must(kube.Client.Create(c.ctx, node))
	stored := node.DeepCopy()
	node.Status = status
	c.must(kube.Client.Status().Patch(c.ctx, node, client.MergeFrom(stored)))
	c.reconcile(claim)
	c.refresh(node)
	return node
}

// mountJars stands for what mounts the JARs: it takes the start-up taints away.
func (c *cluster) mountJars(claim *karpv1.NodeClaim, node *corev1.Node) {
	c.refresh(node)
	c.patch(node, func() {
		node.Spec.Taints = slices.DeleteFunc(node.Spec.Taints, func(taint corev1.Taint) bool { return hasTaint(claim.Spec.StartupTaints, taint) })
	})
	c.reconcile(claim)
}

// reconcile runs Karpenter's NodeClaim lifecycle until it stands still.
func (c *cluster) reconcile(claim *karpv1.NodeClaim) {
	for range 4 {
		if c.there(claim) {
			c.done(c.lifecycle.Reconcile(c.ctx, claim))
		}
	}
	c.there(claim)
}

// running brings up a node for each launch that the pods need, and waits until they are bound.
func (c *cluster) running(pods ...*corev1.Pod) map[string]*karpv1.NodeClaim {
	claims := map[string]*karpv1.NodeClaim{}
	for _, claim := range c.launch() {
		c.mountJars(claim, c.join(claim))
		claims[claim.Name] = claim
	}
	for _, pod := range pods {
		c.bound(pod)
	}
	return claims
}

// bound waits until the real scheduler has bound the pod, and runs it there.
func (c *cluster) bound(pod *corev1.Pod) {
	c.t.Helper()
	eventually(c.t, "the scheduler binds "+pod.Name, func() bool {
		c.refresh(pod)
		return pod.Spec.NodeName != ""
	})
	stored := pod.DeepCopy()
	pod.Status.Phase, pod.Status.StartTime = corev1.PodRunning, lo.ToPtr(metav1.Now())
	c.must(kube.Client.Status().Patch(c.ctx, pod, client.MergeFrom(stored)))
}

// runSmallOn runs a pod that asks for next to nothing on a node of the test's choice.
func (c *cluster) runSmallOn(node string, pod corev1.Pod) {
	p := pod.DeepCopy()
	p.Spec.Containers[0].Resources.Requests = corev1.ResourceList{"cpu": resource.MustParse("100m"), "memory": resource.MustParse("128Mi")}
	// As a scheduler does it: a team's pods cannot name their node.
	p.GenerateName, p.Name, p.Spec.SchedulerName = pod.Name+"-", "", "by-hand"
	c.must(kube.Client.Create(c.ctx, p))
	target := corev1.ObjectReference{Kind: "Node", Name: node}
	c.must(kube.Client.SubResource("binding").Create(c.ctx, p, &corev1.Binding{Target: target}))
	c.bound(p)
}

// gone tells whether an object is deleted or being deleted.
func (c *cluster) gone(o client.Object) bool {
	return !c.there(o) || !o.GetDeletionTimestamp().IsZero()
}

// apart makes pods refuse to share a node, so that each needs one of its own.
func apart(pod corev1.Pod) corev1.Pod {
	p := *pod.DeepCopy()
	p.Spec.Affinity = &corev1.Affinity{PodAntiAffinity: &corev1.PodAntiAffinity{
		RequiredDuringSchedulingIgnoredDuringExecution: []corev1.PodAffinityTerm{{
			LabelSelector: &metav1.LabelSelector{MatchLabels: p.Labels}, TopologyKey: corev1.LabelHostname,
		}},
	}}
	return p
}
