package karpenter

import (
	"slices"

	"github.com/samber/lo"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	karpv1 "sigs.k8s.io/karpenter/pkg/apis/v1"
	coretest "sigs.k8s.io/karpenter/pkg/test"
)

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
	stored := node.DeepCopy()
	node.Spec.Taints = lo.Reject(node.Spec.Taints, func(taint corev1.Taint, _ int) bool {
		return slices.ContainsFunc(claim.Spec.StartupTaints, func(startup corev1.Taint) bool { return startup.MatchTaint(&taint) })
	})
	c.must(kube.Client.Patch(c.ctx, node, client.MergeFrom(stored)))
	c.reconcile(claim)
}

// reconcile runs Karpenter's NodeClaim lifecycle until it stands still.
func (c *cluster) reconcile(claim *karpv1.NodeClaim) {
	for range 4 {
		if err := kube.Client.Get(c.ctx, client.ObjectKeyFromObject(claim), claim); err != nil {
			c.must(client.IgnoreNotFound(err))
			return
		}
		_, err := c.lifecycle.Reconcile(c.ctx, claim)
		c.must(err)
	}
	c.must(client.IgnoreNotFound(kube.Client.Get(c.ctx, client.ObjectKeyFromObject(claim), claim)))
}

// running brings up a node for each launch that the pods need, and waits until they are bound.
func (c *cluster) running(pods ...*corev1.Pod) map[string]*karpv1.NodeClaim {
	launched, _ := c.launch()
	claims := map[string]*karpv1.NodeClaim{}
	for _, claim := range launched {
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
	pod.Status.Phase = corev1.PodRunning
	pod.Status.StartTime = lo.ToPtr(metav1.Now())
	c.must(kube.Client.Status().Patch(c.ctx, pod, client.MergeFrom(stored)))
}

// runOn runs a pod on a node of the test's choice.
func (c *cluster) runOn(node string, pod corev1.Pod) {
	p := pod.DeepCopy()
	p.GenerateName, p.Name, p.Spec.NodeName = pod.Name+"-", "", node
	c.must(kube.Client.Create(c.ctx, p))
	c.bound(p)
}

// gone tells whether an object is deleted or being deleted.
func (c *cluster) gone(o client.Object) bool {
	err := kube.Client.Get(c.ctx, client.ObjectKeyFromObject(o), o)
	c.must(client.IgnoreNotFound(err))
	return err != nil || !o.GetDeletionTimestamp().IsZero()
}

// small makes a pod ask for next to nothing.
func small(pod corev1.Pod) corev1.Pod {
	p := *pod.DeepCopy()
	p.Spec.Containers[0].Resources.Requests = corev1.ResourceList{"cpu": resource.MustParse("100m"), "memory": resource.MustParse("128Mi")}
	return p
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
